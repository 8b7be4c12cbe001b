-- Guards: that a set is there once, and its place is its own.
-- Races with: the same request sent twice at once, and other sets of the same workout.
-- Safe because: the user's lock is held since before the ids and places were read; the constraints
-- workout_sets_pkey and workout_sets_place_key refuse whatever did not hold it.
INSERT INTO workout_sets (
    user_id, id, workout_id, exercise_id, set_index, side, kind, reps, weight, weight_unit,
    duration_s, distance_m, rpe, rir, grips, notes, rest_s, is_completed, performed_at, told_by, counts
)
SELECT
    $1::uuid, s.set_id, $2::uuid, s.exercise_id, s.set_index, s.side, s.kind, s.reps, s.weight,
    coalesce(s.weight_unit, 'kg'), s.duration_s, s.distance_m, s.rpe, s.rir, s.grips, s.notes,
    s.rest_s, s.is_completed, s.performed_at, s.told_by, s.counts
FROM jsonb_to_recordset($3::jsonb) AS s (
    set_id uuid, exercise_id uuid, set_index integer, side text, kind text, reps integer,
    weight numeric, weight_unit text, duration_s numeric, distance_m numeric, rpe numeric, rir numeric,
    grips text[], notes text, rest_s integer, is_completed boolean, performed_at timestamptz,
    told_by text, counts boolean
)
RETURNING exercise_id, grip_key
