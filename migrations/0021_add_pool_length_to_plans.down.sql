SET LOCAL lock_timeout = '2s';

ALTER TABLE planned_workouts
    DROP CONSTRAINT pool_length_is_believable,
    DROP COLUMN pool_length_m;
