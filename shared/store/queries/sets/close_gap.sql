-- Guards: that indexes count without a gap.
-- Races with: nothing; the user's lock is held.
-- Safe because: the constraint workout_sets_place_key is looked at when the statement ends, so places may
-- overlap while they move. Where the other side still stands at the index there is no gap.
UPDATE workout_sets AS s
SET set_index = s.set_index - 1
WHERE s.user_id = $1::uuid AND s.workout_id = $2::uuid AND s.exercise_id = $3::uuid
    AND s.set_index > $4::integer
    AND NOT EXISTS (
        SELECT FROM workout_sets AS other
        WHERE other.user_id = $1::uuid AND other.workout_id = $2::uuid
            AND other.exercise_id = $3::uuid AND other.set_index = $4::integer
    )
