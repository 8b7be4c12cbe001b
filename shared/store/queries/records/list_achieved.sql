-- What sets surpassed when they were done: all that is before them counts, nothing that came after, so the
-- answer stays the same. A set surpasses in its workout's volume what other workouts had.
WITH lifts AS MATERIALIZED (
    SELECT
        set_id, workout_id, achieved_at, reps, kg, e1rm_kg, volume_kg, duration_s, distance_m
    FROM record_lifts
    WHERE user_id = $1::uuid AND exercise_id = $2::uuid AND grip_key = $3::text
)
SELECT own.set_id, achieved.kind, achieved.value::float8 AS value, achieved.previous::float8 AS previous
FROM lifts AS own
CROSS JOIN LATERAL (
    SELECT
        max(kg) AS kg, max(reps) AS reps, max(e1rm_kg) AS e1rm_kg, max(volume_kg) AS volume_kg,
        max(duration_s) AS duration_s, max(distance_m) AS distance_m,
        sum(volume_kg) FILTER (WHERE before.workout_id = own.workout_id) AS session_kg
    FROM lifts AS before
    WHERE (before.achieved_at, before.set_id) < (own.achieved_at, own.set_id)
) AS earlier
CROSS JOIN LATERAL (
    SELECT max(workout.volume_kg) AS session_kg
    FROM (
        SELECT sum(before.volume_kg) AS volume_kg
        FROM lifts AS before
        WHERE before.workout_id <> own.workout_id
            AND (before.achieved_at, before.set_id) < (own.achieved_at, own.set_id)
        GROUP BY before.workout_id
    ) AS workout
) AS elsewhere
CROSS JOIN LATERAL (
    VALUES
        ('heaviest', own.kg, earlier.kg),
        ('reps', own.reps::numeric, earlier.reps::numeric),
        ('e1rm', own.e1rm_kg, earlier.e1rm_kg),
        ('set_volume', own.volume_kg, earlier.volume_kg),
        ('session_volume', own.volume_kg + coalesce(earlier.session_kg, 0), elsewhere.session_kg),
        ('time', own.duration_s, earlier.duration_s),
        ('distance', own.distance_m, earlier.distance_m)
) AS achieved (kind, value, previous)
WHERE own.set_id = ANY ($4::uuid[])
    AND achieved.value > 0
    AND (achieved.previous IS NULL OR achieved.value > achieved.previous)
ORDER BY achieved.kind
