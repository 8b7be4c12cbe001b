SET LOCAL lock_timeout = '2s';

DROP INDEX stage_runs_loads;
ALTER TABLE stage_runs
    DROP COLUMN best_hr,
    DROP COLUMN best_power,
    DROP COLUMN best_efforts,
    DROP COLUMN load;
DROP FUNCTION values_at(jsonb, text, text, double precision[]);
ALTER TABLE athletes
    DROP CONSTRAINT fitness_start_not_negative,
    DROP CONSTRAINT fitness_start_is_whole,
    DROP COLUMN fitness_start_atl,
    DROP COLUMN fitness_start_ctl,
    DROP COLUMN fitness_start_date;
