-- Every set that was logged goes.
SET LOCAL lock_timeout = '2s';

REVOKE EXECUTE ON FUNCTION values_at(jsonb, text, text, double precision[]) FROM paceline_log;
REVOKE ALL ON athletes, athlete_thresholds, planned_workouts, workouts, early_deletions, recordings, stage_runs
    FROM paceline_log;
DROP TABLE workout_exercises;
DROP TABLE exercise_estimates;
DROP TABLE active_workouts;
DROP VIEW record_candidates;
DROP VIEW record_lifts;
DROP TABLE record_repairs;
DROP TABLE personal_records;
DROP TABLE workout_sets;
DROP FUNCTION grip_key(text[]);
