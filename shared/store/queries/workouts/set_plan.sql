-- Guards: the link and its decision, both sides in this one row.
-- Races with: another workout taking the same plan.
-- Safe because: workouts_planned_id_key lets one of them commit.
UPDATE workouts
SET planned_id = $3::uuid,
    plan_pinned = $4::boolean,
    plan_decision = $5::jsonb,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid AND deleted_at IS NULL
