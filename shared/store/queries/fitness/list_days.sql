-- What was done on each day: the loads of its workouts, and how sure they are. The sessions of a
-- workout count and not their whole; what is merged into another workout counts there. A load that
-- is being computed anew counts as it was. Loads are added up in the order of their workouts, so
-- that the same ones always make the same sum.
WITH asked AS MATERIALIZED (
    -- What a provider announced and did not bring, of a workout or of any of its sources.
    SELECT coalesce(told.merged_into, told.id) AS workout_id, run.status
    FROM stage_runs AS run
    JOIN workouts AS told ON told.id = run.workout_id
    WHERE run.user_id = $1::uuid AND run.stage = 'fetch' AND run.done < run.wanted
), limited AS MATERIALIZED (
    -- A sum over days is ours to keep, but what it is made of may be forbidden for this purpose.
    SELECT DISTINCT l.workout_id
    FROM workout_limits AS l
    WHERE $3::text <> 'display' AND l.user_id = $1::uuid
        AND l.purpose = $3::text AND l.since <= clock_timestamp()
)
SELECT
    done.date,
    count(*) AS workouts,
    count(*) FILTER (WHERE done.state = 'pending') AS pending,
    count(*) FILTER (WHERE done.state = 'failed') AS failed,
    count(*) FILTER (WHERE done.state = 'complete' AND done.load IS NULL) AS without_load,
    count(*) FILTER (WHERE done.state = 'withheld') AS withheld,
    coalesce(sum(done.load) FILTER (WHERE done.state <> 'withheld'), 0) AS load
FROM (
    SELECT
        w.local_date AS date,
        run.load,
        CASE
            WHEN w.id IN (SELECT limited.workout_id FROM limited) THEN 'withheld'
            WHEN coalesce(w.parent_id, w.id) IN (
                SELECT asked.workout_id FROM asked WHERE asked.status <> 'failed'
            ) THEN 'pending'
            WHEN coalesce(w.parent_id, w.id) IN (SELECT asked.workout_id FROM asked) THEN 'failed'
            WHEN run.status IN ('pending', 'processing') THEN 'pending'
            WHEN run.status = 'complete' THEN 'complete'
            ELSE 'failed'
        END AS state
    FROM workouts AS w
    LEFT JOIN stage_runs AS run
        ON run.user_id = w.user_id AND run.stage = 'metrics' AND run.workout_id = w.id
    WHERE w.user_id = $1::uuid AND w.local_date <= $2::date
        AND w.deleted_at IS NULL AND w.merged_into IS NULL
        AND w.plan_decision ->> 'reason' <> 'per_session'
    ORDER BY w.local_date, w.id
) AS done
GROUP BY done.date
ORDER BY done.date
