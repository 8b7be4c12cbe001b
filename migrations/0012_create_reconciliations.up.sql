-- Why: a webhook can be lost for good, so every connection is asked now and then what there is. This
-- says when which one is due, and who asks right now; it holds no token, so that whoever looks for
-- what is due sees nothing else of anybody. A row comes and goes with its connection. Old code makes
-- connections as before.
SET LOCAL lock_timeout = '2s';

CREATE TABLE reconciliations (
    connection_id    uuid        NOT NULL,
    user_id          uuid        NOT NULL,
    provider         text        NOT NULL,
    due_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    claim_token      uuid,
    claim_expires_at timestamptz,
    reconciled_at    timestamptz,
    repaired         bigint      NOT NULL DEFAULT 0,
    last_error       text,
    CONSTRAINT reconciliations_pkey PRIMARY KEY (connection_id),
    CONSTRAINT reconciliations_connection_id_fkey FOREIGN KEY (connection_id)
        REFERENCES connections (id) ON DELETE CASCADE,
    CONSTRAINT reconciliations_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT reconciliation_claim_has_deadline
        CHECK ((claim_token IS NULL) = (claim_expires_at IS NULL)),
    CONSTRAINT repaired_not_negative CHECK (repaired >= 0)
);

CREATE INDEX reconciliations_due ON reconciliations (due_at);

-- Or the owner would see nobody's connections.
ALTER TABLE connections NO FORCE ROW LEVEL SECURITY;
INSERT INTO reconciliations (connection_id, user_id, provider)
SELECT id, user_id, provider FROM connections;
ALTER TABLE connections FORCE ROW LEVEL SECURITY;

ALTER TABLE reconciliations ENABLE ROW LEVEL SECURITY;
ALTER TABLE reconciliations FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON reconciliations
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));
CREATE POLICY every_due_one ON reconciliations TO paceline_fetch USING (true) WITH CHECK (true);

CREATE FUNCTION schedule_reconciliation() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO public.reconciliations (connection_id, user_id, provider)
    VALUES (NEW.id, NEW.user_id, NEW.provider);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION schedule_reconciliation() FROM PUBLIC;

CREATE TRIGGER schedule_reconciliation AFTER INSERT ON connections
    FOR EACH ROW EXECUTE FUNCTION schedule_reconciliation();

GRANT SELECT, UPDATE ON reconciliations TO paceline_fetch;
-- A webhook that says that an access may have ended has it looked at soon.
GRANT SELECT (connection_id, user_id, provider), UPDATE (due_at) ON reconciliations
    TO paceline_ingest;
