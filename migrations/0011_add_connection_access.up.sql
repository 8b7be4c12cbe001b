-- Why: to ask a provider takes the athlete's tokens, which are kept sealed, and a rate limit, which
-- belongs to our application as a whole and so is kept where all of it can see it. Who refreshes a
-- token claims the connection first, because most providers take a refresh token only once. Old
-- code sees connections without tokens.
SET LOCAL lock_timeout = '2s';

ALTER TABLE connections
    ADD COLUMN status text NOT NULL DEFAULT 'connected',
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN access_token bytea,
    ADD COLUMN refresh_token bytea,
    ADD COLUMN access_expires_at timestamptz,
    ADD COLUMN token_version bigint NOT NULL DEFAULT 0,
    ADD COLUMN refresh_claim uuid,
    ADD COLUMN refresh_claim_expires_at timestamptz,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD CONSTRAINT connection_status_known CHECK (status IN ('connected', 'needs_reauthorisation')),
    ADD CONSTRAINT refresh_claim_has_deadline
        CHECK ((refresh_claim IS NULL) = (refresh_claim_expires_at IS NULL));

-- Sealed or not, only who asks a provider has a use for tokens.
REVOKE SELECT ON connections FROM paceline_ingest, paceline_read, paceline_fetch;
GRANT SELECT (id, user_id, provider, provider_user_id, created_at, status, scopes, updated_at)
    ON connections TO paceline_ingest, paceline_read;
GRANT SELECT ON connections TO paceline_fetch;
GRANT UPDATE (
    status, access_token, refresh_token, access_expires_at, token_version, refresh_claim,
    refresh_claim_expires_at, updated_at
) ON connections TO paceline_fetch;

-- Nobody's data: how much of a provider's limit our application has used.
CREATE TABLE provider_windows (
    provider  text        NOT NULL,
    length_s  integer     NOT NULL,
    most      integer     NOT NULL,
    used      integer     NOT NULL,
    resets_at timestamptz NOT NULL,
    CONSTRAINT provider_windows_pkey PRIMARY KEY (provider, length_s),
    CONSTRAINT length_positive CHECK (length_s > 0),
    CONSTRAINT counts_not_negative CHECK (most >= 0 AND used >= 0)
);

-- Until when a provider wants to hear nothing of us.
CREATE TABLE provider_pauses (
    provider text        NOT NULL,
    until    timestamptz NOT NULL,
    CONSTRAINT provider_pauses_pkey PRIMARY KEY (provider)
);

ALTER TABLE provider_windows ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_windows FORCE ROW LEVEL SECURITY;
ALTER TABLE provider_pauses ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_pauses FORCE ROW LEVEL SECURITY;
CREATE POLICY nobodys ON provider_windows TO paceline_fetch USING (true) WITH CHECK (true);
CREATE POLICY nobodys ON provider_pauses TO paceline_fetch USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON provider_windows, provider_pauses TO paceline_fetch;
