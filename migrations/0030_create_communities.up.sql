-- Why: people train together, and some look after others. What somebody may do is a row of theirs, and never a word of a
-- token: a role of the platform (`admins`) or one in a community. A signup token brings newcomers into a community; it is
-- kept as its hash, ends, and is used up. Old code sees nothing of it.
SET LOCAL lock_timeout = '2s';

DO $$
BEGIN
    CREATE ROLE paceline_community NOLOGIN;
    -- With it, because two databases of one server that set it at once would be in each other's way.
    ALTER ROLE paceline_community SET idle_in_transaction_session_timeout = '5s';
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT USAGE ON SCHEMA public TO paceline_community;
GRANT EXECUTE ON FUNCTION app_user_id() TO paceline_community;

CREATE TABLE communities (
    id                  uuid        NOT NULL,
    name                text        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    signup_token_sha256 bytea,
    signup_expires_at   timestamptz,
    signup_uses_left    integer,
    CONSTRAINT communities_pkey PRIMARY KEY (id),
    CONSTRAINT communities_signup_token_key UNIQUE (signup_token_sha256),
    CONSTRAINT community_name_bounded CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT signup_is_whole CHECK (
        num_nonnulls(signup_token_sha256, signup_expires_at, signup_uses_left) IN (0, 3)
    ),
    CONSTRAINT signup_counts_down CHECK (signup_uses_left >= 0)
);

CREATE TABLE memberships (
    user_id      uuid        NOT NULL,
    community_id uuid        NOT NULL,
    role         text        NOT NULL DEFAULT 'member',
    joined_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT memberships_pkey PRIMARY KEY (user_id, community_id),
    CONSTRAINT memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT memberships_community_id_fkey
        FOREIGN KEY (community_id) REFERENCES communities (id) ON DELETE CASCADE,
    CONSTRAINT community_role_known CHECK (role IN ('member', 'moderator', 'admin'))
);

CREATE INDEX memberships_by_community ON memberships (community_id, user_id);

ALTER TABLE communities ENABLE ROW LEVEL SECURITY;
ALTER TABLE communities FORCE ROW LEVEL SECURITY;
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON memberships
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

-- A community is seen by its members and by administrators.
CREATE POLICY of_members_and_admins ON communities FOR SELECT TO paceline_community
    USING (
        EXISTS (
            SELECT FROM memberships AS m
            WHERE m.community_id = communities.id AND m.user_id = (SELECT app_user_id())
        )
        OR EXISTS (SELECT FROM admins AS a WHERE a.user_id = (SELECT app_user_id()))
    );
-- What is written to a community, and whom somebody else's rows are of, a transaction names once it has found in its
-- user's own rows that they may: it is those rows that are visible then, and no others.
CREATE POLICY named_community ON communities TO paceline_community
    USING (id::text = current_setting('app.community', true))
    WITH CHECK (id::text = current_setting('app.community', true));
CREATE POLICY of_named_community ON memberships TO paceline_community
    USING (community_id::text = current_setting('app.community', true))
    WITH CHECK (community_id::text = current_setting('app.community', true));
CREATE POLICY of_named_community ON users FOR SELECT TO paceline_community
    USING (
        EXISTS (
            SELECT FROM memberships AS m
            WHERE m.user_id = users.id AND m.community_id::text = current_setting('app.community', true)
        )
    );
CREATE POLICY named_person ON users TO paceline_community
    USING (id::text = current_setting('app.person', true))
    WITH CHECK (id::text = current_setting('app.person', true));
CREATE POLICY of_named_person ON token_families TO paceline_community
    USING (user_id::text = current_setting('app.person', true))
    WITH CHECK (user_id::text = current_setting('app.person', true));
CREATE POLICY of_named_person ON admins TO paceline_community
    USING (user_id::text = current_setting('app.person', true))
    WITH CHECK (user_id::text = current_setting('app.person', true));
-- That one is always left, somebody has to count.
CREATE POLICY every_admin ON admins FOR SELECT TO paceline_community USING (true);
CREATE POLICY every_entry ON audit_log FOR SELECT TO paceline_community
    USING (
        EXISTS (
            SELECT FROM admins AS a
            WHERE a.user_id = (SELECT app_user_id()) AND a.role IN ('super_admin', 'manager')
        )
    );
-- Whoever signs up knows nothing but a token.
CREATE POLICY named_signup ON communities FOR SELECT TO paceline_identity, paceline_community
    USING (encode(signup_token_sha256, 'hex') = current_setting('app.signup', true));
CREATE POLICY used_signup ON communities FOR UPDATE TO paceline_identity, paceline_community
    USING (encode(signup_token_sha256, 'hex') = current_setting('app.signup', true))
    WITH CHECK (encode(signup_token_sha256, 'hex') = current_setting('app.signup', true));

-- Nobody raises themselves, whatever the code does.
CREATE POLICY begins_as_member ON memberships AS RESTRICTIVE FOR INSERT
    TO paceline_identity, paceline_community WITH CHECK (role = 'member');
CREATE POLICY not_ones_own_role ON memberships AS RESTRICTIVE FOR UPDATE TO paceline_community
    USING (user_id <> (SELECT app_user_id()));
CREATE POLICY not_to_oneself ON admins AS RESTRICTIVE FOR INSERT TO paceline_community
    WITH CHECK (user_id <> (SELECT app_user_id()));
CREATE POLICY not_ones_own_role ON admins AS RESTRICTIVE FOR UPDATE TO paceline_community
    USING (user_id <> (SELECT app_user_id()));

GRANT SELECT, INSERT (id, name), DELETE,
    UPDATE (name, signup_token_sha256, signup_expires_at, signup_uses_left)
    ON communities TO paceline_community;
GRANT SELECT (id, signup_token_sha256, signup_expires_at, signup_uses_left), UPDATE (signup_uses_left)
    ON communities TO paceline_identity;
GRANT SELECT, INSERT (user_id, community_id), UPDATE (role), DELETE ON memberships TO paceline_community;
GRANT SELECT, INSERT (user_id, community_id) ON memberships TO paceline_identity;
GRANT SELECT, UPDATE (deactivated_at) ON users TO paceline_community;
GRANT SELECT, INSERT (user_id, role), UPDATE (role, granted_at), DELETE ON admins TO paceline_community;
GRANT SELECT (user_id, revoked_at), UPDATE (revoked_at) ON token_families TO paceline_community;
GRANT SELECT, INSERT ON audit_log TO paceline_community;
GRANT SELECT ON external_identities TO paceline_community;
