-- Why: what a provider told is erased from workouts that others tell of too. Those are parted from it
-- first, by the same code that merges, and what is left is matched and computed anew. Old code erases
-- without merging.
SET LOCAL lock_timeout = '2s';

GRANT SELECT, UPDATE ON workouts TO paceline_connect;
GRANT SELECT (workout_id, user_id, samples, source_sha256) ON recordings TO paceline_connect;
GRANT SELECT ON athletes, planned_workouts TO paceline_connect;
GRANT SELECT, INSERT, UPDATE ON stage_runs TO paceline_connect;
