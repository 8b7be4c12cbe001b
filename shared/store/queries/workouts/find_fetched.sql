-- What a fetch has to know of its workout, a tombstone included. What was never seen and began long
-- ago was found by looking back, and where all that was announced is there (done = wanted) it is only
-- asked for again.
SELECT
    w.provider, w.provider_activity_id, w.generation, r.postponed,
    (w.generation > 0 OR w.started_at > clock_timestamp() - interval '2 days')
        AND r.done < r.wanted AS is_live
FROM workouts AS w
JOIN stage_runs AS r ON r.workout_id = w.id AND r.stage = 'fetch'
WHERE w.id = $1::uuid AND w.user_id = $2::uuid
