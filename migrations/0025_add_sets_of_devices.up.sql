-- Why: what a watch or an app tells of sets is what an athlete would log, so it is in the same table and makes the
-- same records. A recording's set keeps its id however often it comes, because the id is made of the workout and of
-- its place in the recording. Whoever takes recordings in, merges them or lets a provider go writes sets and records
-- by the code that logging uses, and so needs the same rights. Old code leaves sets of recordings where they are.
SET LOCAL lock_timeout = '2s';

-- RFC 9562, version 8, of SHA-256.
CREATE FUNCTION device_set_id(p_workout_id uuid, p_place integer) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN overlay(
    overlay(
        left(encode(sha256(convert_to(p_workout_id::text || '/' || p_place::text, 'UTF8')), 'hex'), 32)
        PLACING '8' FROM 13
    )
    PLACING 'a' FROM 17
)::uuid;

REVOKE ALL ON FUNCTION device_set_id(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION device_set_id(uuid, integer) TO paceline_ingest, paceline_fetch;
GRANT EXECUTE ON FUNCTION grip_key(text[]) TO paceline_plan;

GRANT SELECT, INSERT, UPDATE, DELETE ON workout_sets TO paceline_ingest, paceline_fetch;
GRANT SELECT, DELETE ON workout_sets TO paceline_connect;
GRANT SELECT ON workout_sets TO paceline_plan;
GRANT UPDATE (counts) ON workout_sets TO paceline_plan, paceline_connect;
GRANT SELECT ON record_lifts, record_candidates TO paceline_ingest, paceline_fetch, paceline_connect, paceline_plan;
GRANT SELECT, INSERT, UPDATE, DELETE ON personal_records, record_repairs
    TO paceline_ingest, paceline_fetch, paceline_connect, paceline_plan;
