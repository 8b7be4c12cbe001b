-- What a fetch has to know of its workout, a tombstone included.
SELECT w.provider, w.provider_activity_id, w.generation, r.postponed
FROM workouts AS w
JOIN stage_runs AS r ON r.workout_id = w.id AND r.stage = 'fetch'
WHERE w.id = $1::uuid AND w.user_id = $2::uuid
