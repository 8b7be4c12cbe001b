-- Exercises that athletes added go with the catalogue.
SET LOCAL lock_timeout = '2s';

DROP TABLE exercise_aliases;
DROP TABLE exercises;
DROP TABLE grips;
DROP FUNCTION name_key(text);

REVOKE SELECT ON users FROM paceline_log;
REVOKE EXECUTE ON FUNCTION app_user_id() FROM paceline_log;
REVOKE ALL ON SCHEMA public FROM paceline_log;
