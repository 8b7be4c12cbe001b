-- Guards: a password that was changed meanwhile is not put back.
-- Races with: another login that does the same.
-- Safe because: it writes over the hash that was checked, and no other.
UPDATE user_credentials
SET password_hash = $3::text,
    changed_at = clock_timestamp()
WHERE user_id = $1::uuid AND password_hash = $2::text
