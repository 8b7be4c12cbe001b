-- Why: an athlete who comes from a predecessor brings what that computed, in `workouts.computed`,
-- and none of it may be lost. It is kept as it was, whole, and never shown as ours: what clients
-- see is computed here. It goes with the recording, so a deletion takes it along. Old code sees
-- nothing of it.
SET LOCAL lock_timeout = '2s';

CREATE TABLE predecessor_results (
    workout_id  uuid        NOT NULL,
    user_id     uuid        NOT NULL,
    computed    jsonb       NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT predecessor_results_pkey PRIMARY KEY (workout_id),
    CONSTRAINT predecessor_results_workout_fkey FOREIGN KEY (workout_id, user_id)
        REFERENCES workouts (id, user_id) ON DELETE CASCADE,
    CONSTRAINT predecessor_results_recording_fkey FOREIGN KEY (workout_id)
        REFERENCES recordings (workout_id) ON DELETE CASCADE,
    CONSTRAINT computed_is_object CHECK (jsonb_typeof(computed) = 'object')
);

ALTER TABLE predecessor_results ENABLE ROW LEVEL SECURITY;
ALTER TABLE predecessor_results FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON predecessor_results
    USING (user_id = (SELECT app_user_id())) WITH CHECK (user_id = (SELECT app_user_id()));

-- The object that a predecessor meant: it also stored JSON as a string of JSON, as an array of one,
-- and as one within the other. Anything else is refused rather than guessed at.
CREATE FUNCTION unwrap_computed(p_computed jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    inner_value jsonb := p_computed;
BEGIN
    -- Every turn takes a layer off, so it ends.
    LOOP
        CASE jsonb_typeof(inner_value)
            WHEN 'object' THEN
                RETURN inner_value;
            WHEN 'string' THEN
                inner_value := (inner_value #>> '{}')::jsonb;
            WHEN 'array' THEN
                IF jsonb_array_length(inner_value) <> 1 THEN
                    RAISE EXCEPTION 'computed is an array of % elements',
                        jsonb_array_length(inner_value)
                        USING ERRCODE = 'invalid_parameter_value';
                END IF;
                inner_value := inner_value -> 0;
            ELSE
                RAISE EXCEPTION 'computed is no object but %',
                    coalesce(jsonb_typeof(inner_value), 'nothing')
                    USING ERRCODE = 'invalid_parameter_value';
        END CASE;
    END LOOP;
END
$$;

-- Keeps what a predecessor computed for a workout, and answers whether that was news.
-- Guards: nothing is lost or doubled, however often an import is run.
-- Races with: another import of the same workout, a deletion.
-- Safe because: one upsert decides; the foreign keys refuse a workout that is gone.
-- Test: tests/pipeline/predecessor.rs
CREATE FUNCTION import_predecessor_result(p_workout_id uuid, p_computed jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner uuid;
BEGIN
    SELECT w.user_id INTO owner
    FROM public.workouts AS w
    WHERE w.id = p_workout_id AND w.deleted_at IS NULL;
    IF owner IS NULL THEN
        RAISE EXCEPTION 'there is no workout %', p_workout_id USING ERRCODE = 'no_data_found';
    END IF;
    INSERT INTO public.predecessor_results (workout_id, user_id, computed)
    VALUES (p_workout_id, owner, public.unwrap_computed(p_computed))
    ON CONFLICT ON CONSTRAINT predecessor_results_pkey DO UPDATE
    SET computed = EXCLUDED.computed,
        imported_at = EXCLUDED.imported_at
    WHERE predecessor_results.computed <> EXCLUDED.computed;
    RETURN FOUND;
END
$$;

-- Only the schema's owner imports; no function has a use for either.
REVOKE ALL ON FUNCTION unwrap_computed(jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION import_predecessor_result(uuid, jsonb) FROM PUBLIC;
