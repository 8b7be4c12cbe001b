-- Every program and log goes; what logs became of workouts stays.
SET LOCAL lock_timeout = '2s';

-- The policies of the logs ask it.
DROP TABLE workout_log_exercises;
DROP TABLE workout_logs;
DROP TABLE programs;
DROP TABLE coach_permissions;
