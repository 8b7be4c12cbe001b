-- Guards: which workout a source is shown in, and which source a workout shows.
-- Races with: nothing; the user's lock is held.
UPDATE workouts
SET merged_into = $3::uuid,
    lead_id = $4::uuid,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid
    AND (merged_into, lead_id) IS DISTINCT FROM ($3::uuid, $4::uuid)
