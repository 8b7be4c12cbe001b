-- Why: who comes in, and with what. There is one table of people; a password, an account at another issuer and a role
-- of an administrator are rows that belong to one of them. A refresh token is kept as its hash, and belongs to a family:
-- each is used once, and one that is used again ends its family. Old code sees nothing of it.
SET LOCAL lock_timeout = '2s';

DO $$
BEGIN
    CREATE ROLE paceline_identity NOLOGIN;
    -- With it, because two databases of one server that set it at once would be in each other's way.
    ALTER ROLE paceline_identity SET idle_in_transaction_session_timeout = '5s';
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT USAGE ON SCHEMA public TO paceline_identity;
GRANT EXECUTE ON FUNCTION app_user_id() TO paceline_identity;

CREATE TABLE user_credentials (
    user_id       uuid        NOT NULL,
    email         text        NOT NULL,
    -- argon2id in the form of PHC strings, which says its own cost and salt.
    password_hash text        NOT NULL,
    changed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- An address is one person's, however it is written.
    email_key     text        NOT NULL GENERATED ALWAYS AS (lower(email COLLATE "C")) STORED,
    CONSTRAINT user_credentials_pkey PRIMARY KEY (user_id),
    CONSTRAINT user_credentials_email_key UNIQUE (email_key),
    CONSTRAINT user_credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT email_plain CHECK (octet_length(email) = char_length(email) AND char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT password_hashed CHECK (password_hash LIKE '$argon2id$%')
);

CREATE TABLE external_identities (
    issuer     text        NOT NULL,
    subject    text        NOT NULL,
    user_id    uuid        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT external_identities_pkey PRIMARY KEY (issuer, subject),
    CONSTRAINT external_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT subject_bounded CHECK (char_length(subject) BETWEEN 1 AND 255)
);

CREATE INDEX external_identities_by_user ON external_identities (user_id);

CREATE TABLE admins (
    user_id    uuid        NOT NULL,
    role       text        NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT admins_pkey PRIMARY KEY (user_id),
    CONSTRAINT admins_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT admin_role_known CHECK (role IN ('super_admin', 'manager', 'specialist'))
);

CREATE TABLE token_families (
    id         uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    -- Whether it began with a login of an administrator.
    is_admins  boolean     NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT token_families_pkey PRIMARY KEY (id),
    CONSTRAINT token_families_owner_key UNIQUE (id, user_id),
    CONSTRAINT token_families_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX token_families_by_user ON token_families (user_id, expires_at);

CREATE TABLE refresh_tokens (
    token_sha256 bytea       NOT NULL,
    family_id    uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    issued_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    -- When the next one was issued for it.
    rotated_at   timestamptz,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_sha256),
    CONSTRAINT refresh_tokens_family_fkey FOREIGN KEY (family_id, user_id)
        REFERENCES token_families (id, user_id) ON DELETE CASCADE,
    CONSTRAINT token_hashed CHECK (octet_length(token_sha256) = 32)
);

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

ALTER TABLE user_credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_credentials FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON user_credentials
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE external_identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE external_identities FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON external_identities
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE admins ENABLE ROW LEVEL SECURITY;
ALTER TABLE admins FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON admins
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE token_families ENABLE ROW LEVEL SECURITY;
ALTER TABLE token_families FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON token_families
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON refresh_tokens
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

-- Who logs in is not known before: exactly the row of the address, of the token or of the other issuer's subject
-- that a transaction names is visible to it, and nothing else is.
CREATE POLICY named_email ON user_credentials FOR SELECT TO paceline_identity
    USING (email_key = current_setting('app.email', true));
CREATE POLICY named_token ON refresh_tokens FOR SELECT TO paceline_identity
    USING (encode(token_sha256, 'hex') = current_setting('app.refresh_token', true));
CREATE POLICY named_subject ON external_identities FOR SELECT
    USING (issuer = current_setting('app.issuer', true) AND subject = current_setting('app.subject', true));

GRANT SELECT, INSERT (id, display_name), UPDATE (deactivated_at) ON users TO paceline_identity;
GRANT SELECT, INSERT (user_id, email, password_hash), UPDATE (password_hash, changed_at)
    ON user_credentials TO paceline_identity;
GRANT SELECT ON admins TO paceline_identity;
GRANT INSERT (issuer, subject, user_id) ON external_identities TO paceline_identity;
GRANT SELECT, INSERT, UPDATE (revoked_at), DELETE ON token_families TO paceline_identity;
GRANT SELECT, INSERT, UPDATE (rotated_at) ON refresh_tokens TO paceline_identity;
-- Whoever answers users has to find them.
GRANT SELECT ON external_identities
    TO paceline_identity, paceline_ingest, paceline_plan, paceline_read, paceline_connect, paceline_log;
