-- What could not be made is made later; that it could not is true in the same transaction as its sets.
INSERT INTO record_repairs AS r (user_id, exercise_id, grip_key, error)
VALUES ($1::uuid, $2::uuid, $3::text, $4::text)
ON CONFLICT (user_id, exercise_id, grip_key) DO UPDATE
SET error = excluded.error,
    noted_at = clock_timestamp()
