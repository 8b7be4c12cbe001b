-- Guards: only the holder of the claim brings an answer in.
-- Races with: a rescue, a newer announcement, a deletion.
-- Safe because: one guarded UPDATE decides, in the transaction that stores the answer; without a row
-- that transaction is rolled back. What was announced since the claim is asked for again.
UPDATE stage_runs
SET done = $3::bigint,
    result = '{}'::jsonb,
    version = 1,
    status = CASE WHEN wanted > $3::bigint THEN 'pending' ELSE 'complete' END,
    attempt = CASE WHEN wanted > $3::bigint THEN 0 ELSE attempt END,
    postponed = 0,
    claim_token = NULL,
    claim_expires_at = NULL,
    rung_at = CASE WHEN wanted > $3::bigint THEN NULL ELSE rung_at END,
    last_error = NULL,
    updated_at = clock_timestamp()
WHERE workout_id = $1::uuid
    AND stage = 'fetch'
    AND claim_token = $2::uuid
RETURNING status = 'pending'
