-- Guards: a recording's set is there once, however often the recording comes.
-- Races with: the same recording taken in twice at once.
-- Safe because: the user's lock is held, and the id is made of the workout and the set's place in its recording.
INSERT INTO workout_sets AS known (
    user_id, id, workout_id, exercise_id, set_index, kind, reps, weight, duration_s, distance_m, rpe, rest_s,
    performed_at, told_by
)
SELECT
    $1::uuid, device_set_id($2::uuid, told.place), $2::uuid, told.exercise_id,
    row_number() OVER (PARTITION BY told.exercise_id ORDER BY told.place),
    told.kind, told.reps, told.weight_kg, told.duration_s, told.distance_m, told.rpe, told.rest_s,
    told.performed_at, $3::text
FROM jsonb_to_recordset($4::jsonb) AS told (
    place integer, exercise_id uuid, kind text, reps integer, weight_kg numeric, duration_s numeric,
    distance_m numeric, rpe numeric, rest_s integer, performed_at timestamptz
)
ON CONFLICT ON CONSTRAINT workout_sets_pkey DO UPDATE
SET exercise_id = excluded.exercise_id,
    set_index = excluded.set_index,
    kind = excluded.kind,
    reps = excluded.reps,
    weight = excluded.weight,
    weight_unit = excluded.weight_unit,
    duration_s = excluded.duration_s,
    distance_m = excluded.distance_m,
    rpe = excluded.rpe,
    rest_s = excluded.rest_s,
    performed_at = excluded.performed_at,
    updated_at = clock_timestamp()
WHERE known.workout_id = excluded.workout_id
    AND (
        known.exercise_id, known.set_index, known.kind, known.reps, known.weight, known.weight_unit,
        known.duration_s, known.distance_m, known.rpe, known.rest_s, known.performed_at
    ) IS DISTINCT FROM (
        excluded.exercise_id, excluded.set_index, excluded.kind, excluded.reps, excluded.weight,
        excluded.weight_unit, excluded.duration_s, excluded.distance_m, excluded.rpe, excluded.rest_s,
        excluded.performed_at
    )
RETURNING exercise_id, grip_key
