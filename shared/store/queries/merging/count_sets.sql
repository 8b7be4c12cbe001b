-- Guards: of a session that several sources tell of, the sets of one count.
-- Races with: nothing; the user's lock is held.
UPDATE workout_sets
SET counts = workout_id = $3::uuid
WHERE user_id = $1::uuid AND workout_id = ANY ($2::uuid[]) AND counts <> (workout_id = $3::uuid)
RETURNING exercise_id, grip_key
