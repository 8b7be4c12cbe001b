SET LOCAL lock_timeout = '2s';

DROP FUNCTION merge_computed(uuid, text, uuid, bigint, jsonb, integer);
DROP FUNCTION try_advisory_lock(text);
DROP VIEW workout_computed;
DROP VIEW workout_status;
DROP FUNCTION joint_status(text[]);
DROP TABLE stage_runs;
