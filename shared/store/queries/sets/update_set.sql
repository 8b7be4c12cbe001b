-- Guards: that a set is changed as a whole.
-- Races with: another change of it.
-- Safe because: the user's lock is held since before it was read.
UPDATE workout_sets AS set
SET kind = s.kind,
    reps = s.reps,
    weight = s.weight,
    weight_unit = coalesce(s.weight_unit, 'kg'),
    duration_s = s.duration_s,
    distance_m = s.distance_m,
    rpe = s.rpe,
    rir = s.rir,
    grips = s.grips,
    notes = s.notes,
    rest_s = s.rest_s,
    is_completed = s.is_completed,
    performed_at = s.performed_at,
    updated_at = clock_timestamp()
FROM jsonb_to_record($3::jsonb) AS s (
    kind text, reps integer, weight numeric, weight_unit text, duration_s numeric, distance_m numeric,
    rpe numeric, rir numeric, grips text[], notes text, rest_s integer, is_completed boolean,
    performed_at timestamptz
)
WHERE set.user_id = $1::uuid AND set.id = $2::uuid
RETURNING set.exercise_id, set.grip_key
