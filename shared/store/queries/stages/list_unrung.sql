SELECT workout_id, stage, user_id
FROM stage_runs
WHERE status = 'pending'
    AND (not_before IS NULL OR not_before <= clock_timestamp())
    AND (rung_at IS NULL OR rung_at < clock_timestamp() - make_interval(secs => $1::float8))
ORDER BY rung_at NULLS FIRST
LIMIT $2::bigint
