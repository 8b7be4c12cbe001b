-- The tokens go, so every athlete has to connect again.
SET LOCAL lock_timeout = '2s';

DROP TABLE provider_pauses;
DROP TABLE provider_windows;

REVOKE ALL ON connections FROM paceline_ingest, paceline_read, paceline_fetch;
ALTER TABLE connections
    DROP CONSTRAINT refresh_claim_has_deadline,
    DROP CONSTRAINT connection_status_known,
    DROP COLUMN status,
    DROP COLUMN scopes,
    DROP COLUMN access_token,
    DROP COLUMN refresh_token,
    DROP COLUMN access_expires_at,
    DROP COLUMN token_version,
    DROP COLUMN refresh_claim,
    DROP COLUMN refresh_claim_expires_at,
    DROP COLUMN updated_at;
GRANT SELECT ON connections TO paceline_ingest, paceline_read, paceline_fetch;
