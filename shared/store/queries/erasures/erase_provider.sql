-- Guards: the receipt counts exactly the rows that went.
-- Races with: deliveries, fetches, plan edits and another erasure of the same athlete.
-- Safe because: the caller holds the user's lock, under which all of them write, and they look for
-- the connection again once they hold it. A stage that computes meanwhile is fenced: its run is gone.
-- Nothing is written when there was nothing. Records of sets that go are derived: they are made anew of those that
-- are left, and not counted.
WITH meant AS MATERIALIZED (
    SELECT id
    FROM workouts
    WHERE user_id = $2::uuid AND provider = $3::text AND NOT $4::boolean
),
gone_runs AS (
    DELETE FROM stage_runs
    WHERE user_id = $2::uuid AND workout_id IN (SELECT id FROM meant)
    RETURNING 1
),
gone_predecessors AS (
    -- Whoever deletes a workout deletes these.
    SELECT 1
    FROM predecessor_results
    WHERE user_id = $2::uuid AND workout_id IN (SELECT id FROM meant)
),
gone_recordings AS (
    DELETE FROM recordings
    WHERE user_id = $2::uuid AND workout_id IN (SELECT id FROM meant)
    RETURNING 1
),
gone_sets AS (
    DELETE FROM workout_sets
    WHERE user_id = $2::uuid AND workout_id IN (SELECT id FROM meant)
    RETURNING 1
),
gone_workouts AS (
    DELETE FROM workouts
    WHERE user_id = $2::uuid AND id IN (SELECT id FROM meant)
    RETURNING 1
),
gone_deliveries AS (
    DELETE FROM deliveries
    WHERE user_id = $2::uuid AND provider = $3::text AND NOT $4::boolean
    RETURNING 1
),
gone_deletions AS (
    DELETE FROM early_deletions
    WHERE user_id = $2::uuid AND provider = $3::text AND NOT $4::boolean
    RETURNING 1
),
gone_reconciliations AS (
    DELETE FROM reconciliations
    WHERE user_id = $2::uuid AND provider = $3::text
    RETURNING 1
),
gone_backfills AS (
    DELETE FROM backfills
    WHERE user_id = $2::uuid AND provider = $3::text
    RETURNING 1
),
gone_connections AS (
    DELETE FROM connections
    WHERE user_id = $2::uuid AND provider = $3::text
    RETURNING 1
),
counted AS (
    SELECT
        (SELECT count(*) FROM gone_connections) AS connections,
        (SELECT count(*) FROM gone_reconciliations) AS reconciliations,
        (SELECT count(*) FROM gone_backfills) AS backfills,
        (SELECT count(*) FROM gone_workouts) AS workouts,
        (SELECT count(*) FROM gone_recordings) AS recordings,
        (SELECT count(*) FROM gone_sets) AS workout_sets,
        (SELECT count(*) FROM gone_predecessors) AS predecessor_results,
        (SELECT count(*) FROM gone_runs) AS stage_runs,
        (SELECT count(*) FROM gone_deliveries) AS deliveries,
        (SELECT count(*) FROM gone_deletions) AS early_deletions
)
INSERT INTO erasure_receipts (id, user_id, provider, why, revoked, erased)
SELECT $1::uuid, $2::uuid, $3::text, $5::text, $6::boolean, to_jsonb(counted)
FROM counted
WHERE connections + workouts + deliveries + early_deletions > 0
RETURNING id AS erasure_id, provider, why, revoked, erased AS rows, erased_at
