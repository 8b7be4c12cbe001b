-- The bests of each workout, oldest first. The sessions of a workout count and not their whole; what
-- is merged into another workout counts there, under the sport of whoever leads. What may not be shown of
-- a workout by itself is no best of anybody's either.
WITH limited AS MATERIALIZED (
    SELECT DISTINCT l.workout_id
    FROM workout_limits AS l
    WHERE l.user_id = $1::uuid AND (l.purpose IS NULL OR l.purpose = $4::text)
        AND l.since <= clock_timestamp()
)
SELECT
    w.id AS workout_id,
    w.local_date,
    CASE
        WHEN w.lead_id IS NULL THEN w.sport
        ELSE (SELECT lead.sport FROM workouts AS lead WHERE lead.id = w.lead_id)
    END AS sport,
    run.status IS DISTINCT FROM 'complete' AS is_incomplete,
    w.id IN (SELECT limited.workout_id FROM limited) AS is_withheld,
    run.best_efforts,
    run.best_power,
    run.best_hr
FROM workouts AS w
LEFT JOIN stage_runs AS run ON run.workout_id = w.id AND run.stage = 'analysis'
WHERE w.user_id = $1::uuid AND w.local_date >= $2::date AND w.local_date <= $3::date
    AND w.deleted_at IS NULL AND w.merged_into IS NULL
    AND w.plan_decision ->> 'reason' <> 'per_session'
ORDER BY w.local_date, w.id
