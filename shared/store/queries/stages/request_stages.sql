-- Guards: what is wanted of a workout's stages.
-- Races with: a worker that holds the claim.
-- Safe because: a held claim is left alone; its finish sees the newer wanted generation and makes
-- the run pending again. Runs in the transaction that changes the input; whoever runs it rings
-- right after the commit, and if that fails the sweep rings when the time has passed. All rows in
-- one statement, because each round trip is time that a provider waits.
INSERT INTO stage_runs (workout_id, stage, user_id, wanted, status, rung_at)
SELECT $1::uuid, asked.stage, $3::uuid, $4::bigint, 'pending', clock_timestamp()
FROM unnest($2::text[]) AS asked (stage)
ON CONFLICT ON CONSTRAINT stage_runs_pkey DO UPDATE
SET wanted = EXCLUDED.wanted,
    status = CASE WHEN stage_runs.status = 'processing' THEN 'processing' ELSE 'pending' END,
    attempt = 0,
    error = NULL,
    rung_at = clock_timestamp(),
    updated_at = clock_timestamp()
WHERE stage_runs.wanted < EXCLUDED.wanted
