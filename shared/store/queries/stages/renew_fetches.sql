-- Guards: what a provider's terms let be kept for a while only is asked for again before that ends, the
-- newest first and so much at a time; what was given up is asked for again once a day.
-- Races with: a newer announcement, a redrive, another pass.
-- Safe because: only a run at rest is taken that brought all that was announced, and wanted stays:
-- nothing was announced, so what is computed stays current while the provider is asked. The rows are
-- chosen before the first is changed, because a limit that is counted again while rows change is none.
-- Test: tests/providers/policies.rs
WITH under_way AS (
    SELECT count(*) AS runs
    FROM stage_runs AS run
    JOIN workouts AS w ON w.id = run.workout_id
    WHERE run.user_id = $1::uuid AND run.stage = 'fetch'
        AND run.status IN ('pending', 'processing') AND run.done = run.wanted
        AND w.provider = $2::text
), chosen AS MATERIALIZED (
    SELECT run.workout_id
    FROM workouts AS w
    JOIN source_policies AS policy ON policy.provider = w.provider
    JOIN stage_runs AS run ON run.workout_id = w.id AND run.stage = 'fetch'
    WHERE w.user_id = $1::uuid AND w.provider = $2::text AND w.deleted_at IS NULL
        AND w.told_at
            < clock_timestamp() - make_interval(hours => 24 * policy.cache_days) * $3::float8
        AND run.done = run.wanted
        AND (
            run.status = 'complete'
            OR (run.status = 'failed' AND run.updated_at < clock_timestamp() - interval '1 day')
        )
    ORDER BY w.started_at DESC, w.id DESC
    LIMIT greatest(0, $4::bigint - (SELECT runs FROM under_way))
    FOR UPDATE OF run SKIP LOCKED
)
UPDATE stage_runs
SET status = 'pending',
    attempt = 0,
    postponed = 0,
    not_before = NULL,
    error = NULL,
    rung_at = clock_timestamp(),
    updated_at = clock_timestamp()
FROM chosen
WHERE stage_runs.workout_id = chosen.workout_id AND stage_runs.stage = 'fetch'
RETURNING stage_runs.workout_id
