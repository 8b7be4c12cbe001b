-- Why: every login and every write of an administrator leaves an entry, in the transaction that does it, and nobody
-- takes it away again: no role may, and the table itself refuses, its owner too. An entry outlives whom it is about,
-- so it refers to nobody. Old code writes none.
SET LOCAL lock_timeout = '2s';

CREATE TABLE audit_log (
    -- Version 7, so that it is in the order of time.
    id           uuid        NOT NULL,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Who did it; NULL: whoever tried is not known.
    user_id      uuid,
    action       text        NOT NULL,
    is_refused   boolean     NOT NULL,
    -- Whom and what it was done to.
    subject_id   uuid,
    community_id uuid,
    -- Where the request came from.
    address      text,
    detail       jsonb       NOT NULL,
    CONSTRAINT audit_log_pkey PRIMARY KEY (id),
    CONSTRAINT action_named CHECK (action ~ '^[a-z_]{1,40}$'),
    CONSTRAINT address_bounded CHECK (char_length(address) <= 64),
    CONSTRAINT detail_is_object CHECK (jsonb_typeof(detail) = 'object')
);

CREATE INDEX audit_log_by_user ON audit_log (user_id, id);
CREATE INDEX audit_log_by_subject ON audit_log (subject_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
REVOKE ALL ON FUNCTION refuse_change() FROM PUBLIC;

CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_keeps_all BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON audit_log
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
-- A login that fails is nobody's.
CREATE POLICY of_nobody ON audit_log FOR INSERT TO paceline_identity WITH CHECK (user_id IS NULL);

GRANT INSERT ON audit_log TO paceline_identity;
