-- Sets that came from devices go, with their records; they are in the recordings still.
SET LOCAL lock_timeout = '2s';

REVOKE ALL ON personal_records, record_repairs, record_lifts, record_candidates
    FROM paceline_ingest, paceline_fetch, paceline_connect, paceline_plan;
REVOKE ALL ON workout_sets FROM paceline_ingest, paceline_fetch, paceline_connect, paceline_plan;
REVOKE UPDATE (counts) ON workout_sets FROM paceline_plan, paceline_connect;
REVOKE EXECUTE ON FUNCTION grip_key(text[]) FROM paceline_plan;
DROP FUNCTION device_set_id(uuid, integer);

-- The owner sees everybody's rows for as long as this takes.
ALTER TABLE workout_sets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE record_repairs NO FORCE ROW LEVEL SECURITY;
WITH gone AS (
    DELETE FROM workout_sets
    WHERE told_by <> 'athlete'
    RETURNING user_id, exercise_id, grip_key
)
INSERT INTO record_repairs (user_id, exercise_id, grip_key, error)
SELECT DISTINCT user_id, exercise_id, grip_key, 'sets of devices went'
FROM gone
ON CONFLICT ON CONSTRAINT record_repairs_pkey DO NOTHING;
UPDATE workout_sets SET counts = true WHERE NOT counts;
ALTER TABLE record_repairs FORCE ROW LEVEL SECURITY;
ALTER TABLE workout_sets FORCE ROW LEVEL SECURITY;
