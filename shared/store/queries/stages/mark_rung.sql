UPDATE stage_runs
SET rung_at = clock_timestamp()
WHERE workout_id = ANY ($1::uuid[]) AND stage = $2::text AND status = 'pending'
