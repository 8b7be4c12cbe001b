-- Why: loads are summed over days and bests are sought over years, and a result is too large to be
-- unpacked for one number of it. What is asked for is kept beside the result by the database itself,
-- so there is no second writer and nothing to keep in step. The athlete may say where fitness and
-- fatigue began. Old code sees nothing of it. Adding the columns rewrites the table, which is locked
-- as long as that takes.
SET LOCAL lock_timeout = '2s';

ALTER TABLE athletes
    ADD COLUMN fitness_start_date date,
    ADD COLUMN fitness_start_ctl double precision,
    ADD COLUMN fitness_start_atl double precision,
    ADD CONSTRAINT fitness_start_is_whole CHECK (
        (fitness_start_date IS NULL) = (fitness_start_ctl IS NULL)
        AND (fitness_start_date IS NULL) = (fitness_start_atl IS NULL)
    ),
    ADD CONSTRAINT fitness_start_not_negative CHECK (
        fitness_start_ctl >= 0 AND fitness_start_atl >= 0
    );

-- Of a list of points the values at these places, in their order; NULL where there is no such point,
-- and NULL for what is no list.
CREATE FUNCTION values_at(
    p_points jsonb, p_place text, p_value text, p_places double precision[]
) RETURNS double precision[]
LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN jsonb_typeof(p_points) = 'array' THEN (
    SELECT array_agg((point ->> p_value)::double precision ORDER BY asked.number)
    FROM unnest(p_places) WITH ORDINALITY AS asked (place, number)
    LEFT JOIN jsonb_array_elements(p_points) AS point
        ON (point ->> p_place)::double precision = asked.place
) END;

-- Whoever writes a row has the database make its columns anew, in the writer's name.
REVOKE ALL ON FUNCTION values_at(jsonb, text, text, double precision[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION values_at(jsonb, text, text, double precision[]) TO
    paceline_ingest, paceline_plan, paceline_stages, paceline_fetch, paceline_connect, paceline_sweep;

-- The places are those of shared/domain/src/bests.rs, and a test holds both to each other.
ALTER TABLE stage_runs
    ADD COLUMN load double precision GENERATED ALWAYS AS (
        CASE WHEN stage = 'metrics' AND jsonb_typeof(result #> '{metrics,load}') = 'number'
            THEN (result #>> '{metrics,load}')::double precision
        END
    ) STORED,
    ADD COLUMN best_efforts double precision[] GENERATED ALWAYS AS (
        values_at(result #> '{analysis,best_efforts}', 'distance_m', 'elapsed_s', ARRAY[
            400, 800, 1000, 1609.344, 3218.688, 5000, 10000, 15000, 16093.44, 20000, 21097.5,
            30000, 42195
        ]::double precision[])
    ) STORED,
    ADD COLUMN best_power double precision[] GENERATED ALWAYS AS (
        values_at(result #> '{analysis,mean_max_power}', 'duration_s', 'watts', ARRAY[
            1, 2, 3, 5, 10, 15, 20, 30, 40, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900,
            1200, 1500, 1800, 2400, 2700, 3600, 5400, 7200, 10800, 14400, 18000
        ]::double precision[])
    ) STORED,
    ADD COLUMN best_hr double precision[] GENERATED ALWAYS AS (
        values_at(result #> '{analysis,mean_max_hr}', 'duration_s', 'bpm', ARRAY[
            60, 120, 300, 600, 1200, 1800, 3600, 7200
        ]::double precision[])
    ) STORED;

-- An athlete's loads and questions in one place, with all that a sum over years asks of them.
CREATE INDEX stage_runs_loads ON stage_runs (user_id, stage, workout_id)
    INCLUDE (status, load)
    WHERE stage IN ('metrics', 'fetch');
