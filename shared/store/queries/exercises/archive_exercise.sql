-- What sets are of stays, and is no longer offered.
UPDATE exercises
SET archived_at = coalesce(archived_at, clock_timestamp())
WHERE id = $2::uuid AND user_id = $1::uuid
