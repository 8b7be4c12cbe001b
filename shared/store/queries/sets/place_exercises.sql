-- Guards: that each exercise of a workout has one place, and is the athlete's own or everybody's.
-- Races with: nothing; the user's lock is held, and the places before were deleted.
-- Safe because: it reads exercises as the athlete does; a foreign key would let anybody's pass.
INSERT INTO workout_exercises (user_id, workout_id, exercise_id, place)
SELECT $1::uuid, $2::uuid, given.exercise_id, given.place::integer
FROM unnest($3::uuid[]) WITH ORDINALITY AS given (exercise_id, place)
JOIN exercises AS e
    ON e.id = given.exercise_id AND (e.user_id IS NULL OR e.user_id = $1::uuid)
