-- Why: a provider may say that an activity is gone before it says that it exists. There is no
-- workout yet that could become a tombstone, and what the deletion says has to be kept all the
-- same, or the late creation would bring back what the athlete deleted.
SET LOCAL lock_timeout = '2s';

CREATE TABLE early_deletions (
    user_id              uuid        NOT NULL,
    provider             text        NOT NULL,
    provider_activity_id text        NOT NULL,
    session_index        smallint    NOT NULL DEFAULT 0,
    provider_time        timestamptz NOT NULL,
    created_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT early_deletions_pkey
        PRIMARY KEY (user_id, provider, provider_activity_id, session_index),
    CONSTRAINT early_deletions_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

ALTER TABLE early_deletions ENABLE ROW LEVEL SECURITY;
ALTER TABLE early_deletions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON early_deletions
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

GRANT SELECT, INSERT, UPDATE ON early_deletions TO paceline_ingest;
