SET LOCAL lock_timeout = '2s';

DROP FUNCTION app_user_id();
REVOKE USAGE ON SCHEMA public
    FROM paceline_ingest, paceline_plan, paceline_stages, paceline_sweep, paceline_read;

-- A role that another database of this cluster still grants rights to has to stay.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'paceline_ingest', 'paceline_plan', 'paceline_stages', 'paceline_sweep', 'paceline_read'
    ] LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', role_name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            NULL;
        END;
    END LOOP;
END
$$;
