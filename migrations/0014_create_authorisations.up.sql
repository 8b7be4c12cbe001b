-- Why: athletes connect a provider by themselves, and take that away again. An authorisation is what
-- lies between the two halves of connecting: it ends after minutes, and an athlete has one for each
-- provider, so that starting again forgets the one before. An erasure takes a provider's data with
-- the access to it, and only its receipt stays. A backfill is how far an athlete's past was brought
-- in. Old code leaves all of it alone.
SET LOCAL lock_timeout = '2s';

DO $$
BEGIN
    CREATE ROLE paceline_connect NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
ALTER ROLE paceline_connect SET idle_in_transaction_session_timeout = '5s';
GRANT USAGE ON SCHEMA public TO paceline_connect;
GRANT EXECUTE ON FUNCTION app_user_id() TO paceline_connect;

CREATE TABLE authorisations (
    user_id      uuid        NOT NULL,
    provider     text        NOT NULL,
    state_sha256 bytea       NOT NULL,
    verifier     bytea,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT authorisations_pkey PRIMARY KEY (user_id, provider),
    CONSTRAINT authorisations_state_key UNIQUE (state_sha256),
    CONSTRAINT authorisations_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE erasure_receipts (
    id        uuid        NOT NULL,
    user_id   uuid        NOT NULL,
    provider  text        NOT NULL,
    why       text        NOT NULL,
    revoked   boolean,
    erased    jsonb       NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT erasure_receipts_pkey PRIMARY KEY (id),
    CONSTRAINT erasure_receipts_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT why_erased_known CHECK (why IN ('athlete_asked', 'deauthorised')),
    CONSTRAINT erased_is_object CHECK (jsonb_typeof(erased) = 'object')
);

CREATE INDEX erasure_receipts_newest_first ON erasure_receipts (user_id, erased_at DESC, id DESC);

CREATE TABLE backfills (
    connection_id uuid        NOT NULL,
    user_id       uuid        NOT NULL,
    provider      text        NOT NULL,
    since         timestamptz NOT NULL,
    until         timestamptz NOT NULL,
    next_page     text,
    is_listed     boolean     NOT NULL,
    found         bigint      NOT NULL,
    CONSTRAINT backfills_pkey PRIMARY KEY (connection_id),
    CONSTRAINT backfills_connection_id_fkey FOREIGN KEY (connection_id)
        REFERENCES connections (id) ON DELETE CASCADE,
    CONSTRAINT backfills_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT backfill_counts_forward CHECK (found >= 0)
);

-- When a webhook said that our access may have ended, until the provider was asked.
ALTER TABLE reconciliations ADD COLUMN doubted_at timestamptz;

ALTER TABLE authorisations ENABLE ROW LEVEL SECURITY;
ALTER TABLE authorisations FORCE ROW LEVEL SECURITY;
ALTER TABLE erasure_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasure_receipts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON authorisations
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE backfills ENABLE ROW LEVEL SECURITY;
ALTER TABLE backfills FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON backfills
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
CREATE POLICY own_rows ON erasure_receipts
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

-- A provider sends the athlete's browser back with nothing but the state: exactly the row of that
-- state is visible to a transaction that names it, and nothing else is.
CREATE POLICY named_state ON authorisations FOR SELECT TO paceline_connect
    USING (encode(state_sha256, 'hex') = current_setting('app.state', true));

GRANT SELECT, INSERT, UPDATE, DELETE ON authorisations TO paceline_connect;
GRANT SELECT ON users TO paceline_connect;
GRANT SELECT, DELETE ON connections TO paceline_connect;
GRANT INSERT (id, user_id, provider, provider_user_id) ON connections TO paceline_connect;
GRANT UPDATE (
    status, scopes, access_token, refresh_token, access_expires_at, token_version, refresh_claim,
    refresh_claim_expires_at, updated_at
) ON connections TO paceline_connect;
GRANT SELECT (connection_id, user_id, provider, reconciled_at), UPDATE (due_at, doubted_at), DELETE
    ON reconciliations TO paceline_connect;
GRANT INSERT (connection_id, user_id, provider) ON reconciliations TO paceline_connect;
GRANT UPDATE (doubted_at) ON reconciliations TO paceline_ingest;

GRANT SELECT, INSERT, UPDATE, DELETE ON backfills TO paceline_connect;
GRANT SELECT, UPDATE (next_page, is_listed, found), DELETE ON backfills TO paceline_fetch;

-- To erase, and to say how far a backfill is, takes no more than to know which rows are meant.
GRANT SELECT (id, user_id, provider, parent_id, started_at, generation, deleted_at), DELETE
    ON workouts TO paceline_connect;
GRANT SELECT (workout_id, user_id, stage, status), DELETE ON stage_runs TO paceline_connect;
GRANT SELECT (workout_id, user_id), DELETE ON recordings TO paceline_connect;
GRANT SELECT (user_id, provider, received_at), DELETE ON deliveries TO paceline_connect;
GRANT SELECT (user_id, provider), DELETE ON early_deletions TO paceline_connect;
GRANT SELECT, INSERT ON erasure_receipts TO paceline_connect, paceline_fetch;
GRANT DELETE ON connections, reconciliations, workouts, deliveries, early_deletions
    TO paceline_fetch;
-- They go with their workouts, and are counted.
GRANT SELECT (workout_id, user_id) ON predecessor_results TO paceline_connect, paceline_fetch;
