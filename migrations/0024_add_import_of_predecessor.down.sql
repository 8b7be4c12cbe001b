-- What was taken over stays, and is no longer known to have been: undo the import first to take it back.
SET LOCAL lock_timeout = '2s';

DROP FUNCTION repair_personal_records();
DROP FUNCTION predecessor_log_exercises(text, uuid);
DROP FUNCTION predecessor_logs(text, uuid);
DROP FUNCTION predecessor_records(text, uuid);
DROP FUNCTION predecessor_sets(text, uuid);
DROP FUNCTION predecessor_sessions(text, uuid);
DROP FUNCTION predecessor_exercises(text, uuid[]);
DROP FUNCTION predecessor_texts(jsonb);
DROP FUNCTION predecessor_grips(text[], jsonb);
DROP FUNCTION predecessor_grip_names(text);
DROP FUNCTION predecessor_orphans(text);
DROP FUNCTION predecessor_users(text);
DROP FUNCTION predecessor_rows(text, text, text, uuid[]);
DROP FUNCTION predecessor_moment(text);
DROP FUNCTION predecessor_number(text, numeric);
DROP FUNCTION predecessor_id(text);
DROP TABLE predecessor_imports;
