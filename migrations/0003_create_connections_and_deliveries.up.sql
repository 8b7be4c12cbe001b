-- Why: a connection says whose activity a provider's account is; a delivery is the memory of one
-- webhook. A delivery row is written in the transaction that commits its effects, so a repeated
-- delivery can be called a duplicate exactly when there is nothing left to do.
SET LOCAL lock_timeout = '2s';

CREATE TABLE connections (
    id               uuid        NOT NULL,
    user_id          uuid        NOT NULL,
    provider         text        NOT NULL,
    provider_user_id text        NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT connections_pkey PRIMARY KEY (id),
    CONSTRAINT connections_provider_identity_key UNIQUE (provider, provider_user_id),
    CONSTRAINT connections_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE deliveries (
    id           uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    provider     text        NOT NULL,
    delivery_key text        NOT NULL,
    body_sha256  bytea       NOT NULL,
    event        text        NOT NULL,
    outcome      text        NOT NULL,
    workout_id   uuid,
    received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT deliveries_content_key UNIQUE (user_id, provider, delivery_key, body_sha256),
    CONSTRAINT deliveries_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT event_known CHECK (event IN ('create', 'update', 'delete')),
    CONSTRAINT outcome_known CHECK (outcome IN ('created', 'changed', 'unchanged', 'stale', 'deleted', 'absent'))
);

ALTER TABLE connections ENABLE ROW LEVEL SECURITY;
ALTER TABLE connections FORCE ROW LEVEL SECURITY;
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;

CREATE POLICY own_rows ON connections
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
CREATE POLICY own_rows ON deliveries
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

-- A webhook knows a provider's account and must find its one user: exactly that row is visible to
-- a transaction that names the account, and nothing else is.
CREATE POLICY named_account ON connections FOR SELECT TO paceline_ingest
    USING (
        provider = current_setting('app.provider', true)
        AND provider_user_id = current_setting('app.provider_user_id', true)
    );

GRANT SELECT ON connections TO paceline_ingest, paceline_read;
GRANT SELECT, INSERT ON deliveries TO paceline_ingest;
