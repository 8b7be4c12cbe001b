-- Failed runs, and unless only those are wanted also stuck ones: unfinished, held by nobody alive,
-- and left alone for longer than the sweep takes to repair anything.
SELECT workout_id, stage, user_id, wanted, status, coalesce(error, last_error) AS error
FROM stage_runs
WHERE ($1::text IS NULL OR stage = $1::text)
    AND ($2::uuid IS NULL OR workout_id = $2::uuid)
    AND ($3::text IS NULL OR split_part(coalesce(error, last_error), ':', 1) = $3::text)
    AND (
        status = 'failed'
        OR (
            NOT $4::boolean
            AND greatest(updated_at, not_before)
                < clock_timestamp() - make_interval(secs => $5::float8)
            AND (
                status = 'pending'
                OR (status = 'processing' AND claim_expires_at < clock_timestamp())
            )
        )
    )
ORDER BY updated_at, workout_id, stage
LIMIT $6::bigint
