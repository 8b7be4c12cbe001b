-- The receipts of what was erased go; what was erased does not come back.
SET LOCAL lock_timeout = '2s';

REVOKE SELECT (workout_id, user_id) ON predecessor_results FROM paceline_connect, paceline_fetch;
REVOKE DELETE ON connections, reconciliations, workouts, deliveries, early_deletions
    FROM paceline_fetch;
REVOKE UPDATE (doubted_at) ON reconciliations FROM paceline_ingest;
REVOKE ALL
    ON users, connections, reconciliations, workouts, recordings, stage_runs, deliveries,
        early_deletions
    FROM paceline_connect;
ALTER TABLE reconciliations DROP COLUMN doubted_at;
DROP TABLE backfills;
DROP TABLE erasure_receipts;
DROP TABLE authorisations;
REVOKE ALL ON FUNCTION app_user_id() FROM paceline_connect;
REVOKE ALL ON SCHEMA public FROM paceline_connect;
