-- Why: a swim is planned for a pool, and a watch that takes the plan counts its lengths. NULL is
-- not said.
SET LOCAL lock_timeout = '2s';

ALTER TABLE planned_workouts
    ADD COLUMN pool_length_m double precision,
    ADD CONSTRAINT pool_length_is_believable CHECK (pool_length_m BETWEEN 5 AND 200);
