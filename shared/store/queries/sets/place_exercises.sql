-- Guards: that each exercise of a workout has one place.
-- Races with: nothing; the user's lock is held, and the places before were deleted.
INSERT INTO workout_exercises (user_id, workout_id, exercise_id, place)
SELECT $1::uuid, $2::uuid, given.exercise_id, given.place::integer
FROM unnest($3::uuid[]) WITH ORDINALITY AS given (exercise_id, place)
