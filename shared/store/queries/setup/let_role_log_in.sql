-- Roles belong to the cluster, so set-ups of two databases may change the same row at once, which
-- PostgreSQL does not queue but refuses; the later one tries again.
DO $$
BEGIN
    FOR attempt IN 1..50 LOOP
        BEGIN
            EXECUTE format(
                'ALTER ROLE %I LOGIN PASSWORD %L',
                current_setting('setup.role'),
                current_setting('setup.password')
            );
            EXIT;
        EXCEPTION WHEN internal_error THEN
            PERFORM pg_sleep(0.01);
        END;
    END LOOP;
END
$$
