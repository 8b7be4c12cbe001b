SET LOCAL lock_timeout = '2s';

REVOKE INSERT, UPDATE, SELECT ON stage_runs FROM paceline_connect;
REVOKE SELECT ON athletes, planned_workouts FROM paceline_connect;
REVOKE SELECT (workout_id, user_id, samples, source_sha256) ON recordings FROM paceline_connect;
REVOKE SELECT, UPDATE ON workouts FROM paceline_connect;
-- To erase takes no more than to know which rows are meant.
GRANT SELECT (id, user_id, provider, parent_id, started_at, generation, deleted_at)
    ON workouts TO paceline_connect;
GRANT SELECT (workout_id, user_id) ON recordings TO paceline_connect;
GRANT SELECT (workout_id, user_id, stage, status) ON stage_runs TO paceline_connect;
