-- Guards: the link, its decision and what was asked, all in this one row.
-- Races with: another workout taking the same plan.
-- Safe because: workouts_planned_id_key lets one of them commit.
-- A link that stays keeps what was asked when it was made; one that is made anew does not.
UPDATE workouts
SET planned_id = $3::uuid,
    plan_pinned = $4::boolean,
    plan_decision = $5::jsonb,
    plan_linked_at = CASE
        WHEN planned_id = $3::uuid AND NOT $6::boolean THEN plan_linked_at
        WHEN $3::uuid IS NOT NULL THEN clock_timestamp()
    END,
    plan_snapshot = CASE
        WHEN planned_id = $3::uuid AND NOT $6::boolean THEN plan_snapshot
    END,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid AND deleted_at IS NULL
