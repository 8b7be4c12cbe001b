SET LOCAL lock_timeout = '2s';

DROP TRIGGER schedule_reconciliation ON connections;
DROP FUNCTION schedule_reconciliation();
DROP TABLE reconciliations;
