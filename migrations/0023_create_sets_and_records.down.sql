-- Every set that was logged goes.
SET LOCAL lock_timeout = '2s';

REVOKE SELECT ON workouts FROM paceline_log;
DROP TABLE record_repairs;
DROP TABLE personal_records;
DROP TABLE workout_sets;
DROP FUNCTION grip_key(text[]);
