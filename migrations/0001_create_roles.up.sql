-- Why: each function group connects as a role of its own with the least rights; the grants stand
-- with the tables they are for. Roles belong to the cluster, so another database may have made
-- them already. They cannot log in until whoever deploys gives them a password.
SET LOCAL lock_timeout = '2s';

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'paceline_ingest', 'paceline_plan', 'paceline_stages', 'paceline_sweep', 'paceline_read'
    ] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END
$$;

-- Frees what a frozen sandbox still holds: its transaction, row locks and advisory lock.
ALTER ROLE paceline_ingest SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE paceline_plan SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE paceline_stages SET idle_in_transaction_session_timeout = '35s';
ALTER ROLE paceline_sweep SET idle_in_transaction_session_timeout = '35s';
ALTER ROLE paceline_read SET idle_in_transaction_session_timeout = '5s';

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public
    TO paceline_ingest, paceline_plan, paceline_stages, paceline_sweep, paceline_read;

-- Whose rows this transaction may see; NULL, and so nobody's, until it is told.
CREATE FUNCTION app_user_id() RETURNS uuid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN nullif(current_setting('app.user_id', true), '')::uuid;

REVOKE ALL ON FUNCTION app_user_id() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_user_id()
    TO paceline_ingest, paceline_plan, paceline_stages, paceline_sweep, paceline_read;
