-- Guards: that an athlete logs one workout at a time.
-- Races with: another start of the same athlete.
-- Safe because: the constraint active_workouts_pkey takes one row of an athlete; whoever comes second has
-- waited for the user's lock and found the first.
INSERT INTO active_workouts (user_id, workout_id)
VALUES ($1::uuid, $2::uuid)
