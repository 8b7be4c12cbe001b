-- Guards: a provider is asked at least once after everything that it announces.
-- Races with: a worker that asks right now.
-- Safe because: wanted counts the announcements; a held claim is left alone, and its finish sees
-- that more was announced since and makes the run pending again. Nothing that is new waits for what
-- an older question was told.
INSERT INTO stage_runs (workout_id, stage, user_id, wanted, status, rung_at)
VALUES ($1::uuid, 'fetch', $2::uuid, 1, 'pending', clock_timestamp())
ON CONFLICT ON CONSTRAINT stage_runs_pkey DO UPDATE
SET wanted = stage_runs.wanted + 1,
    status = CASE WHEN stage_runs.status = 'processing' THEN 'processing' ELSE 'pending' END,
    attempt = 0,
    postponed = 0,
    not_before = NULL,
    error = NULL,
    rung_at = clock_timestamp(),
    updated_at = clock_timestamp()
