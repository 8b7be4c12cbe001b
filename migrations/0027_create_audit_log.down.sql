-- The entries go.
SET LOCAL lock_timeout = '2s';

DROP TABLE audit_log;
DROP FUNCTION refuse_change();
