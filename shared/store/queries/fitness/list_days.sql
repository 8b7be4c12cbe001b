-- What was done on each day: the loads of its workouts, and how sure they are. The sessions of a
-- workout count and not their whole; what is merged into another workout counts there. A load that
-- is being computed anew counts as it was. Loads are added up in one order, so that the same ones
-- always make the same sum. Materialized, so that no state is found out more than once.
WITH done AS MATERIALIZED (
    SELECT
        w.id,
        w.local_date AS date,
        run.load,
        CASE
            WHEN run.status IN ('pending', 'processing') THEN 'pending'
            -- Its provider announced something that did not come yet.
            WHEN coalesce(w.parent_id, w.id) IN (
                SELECT coalesce(told.merged_into, told.id)
                FROM stage_runs AS asked
                JOIN workouts AS told ON told.id = asked.workout_id
                WHERE asked.user_id = $1::uuid AND asked.stage = 'fetch'
                    AND asked.status IN ('pending', 'processing')
            ) THEN 'pending'
            WHEN run.status = 'complete' THEN 'complete'
            ELSE 'failed'
        END AS state
    FROM workouts AS w
    LEFT JOIN stage_runs AS run
        ON run.user_id = w.user_id AND run.stage = 'metrics' AND run.workout_id = w.id
    WHERE w.user_id = $1::uuid AND w.local_date <= $2::date
        AND w.deleted_at IS NULL AND w.merged_into IS NULL
        AND w.plan_decision ->> 'reason' <> 'per_session'
)
SELECT
    date,
    count(*) AS workouts,
    count(*) FILTER (WHERE state = 'pending') AS pending,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    count(*) FILTER (WHERE state = 'complete' AND load IS NULL) AS without_load,
    coalesce(sum(load ORDER BY id), 0) AS load
FROM done
GROUP BY date
ORDER BY date
