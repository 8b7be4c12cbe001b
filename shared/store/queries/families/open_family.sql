-- Guards: nobody who was deactivated gets a family.
-- Races with: deactivation, which ends every family that is there.
-- Safe because: both hold the user's lock, and the user is looked at again here.
INSERT INTO token_families (id, user_id, is_admins, expires_at)
SELECT $1::uuid, u.id, $3::boolean, clock_timestamp() + make_interval(secs => $4::float8)
FROM users AS u
WHERE u.id = $2::uuid AND u.deactivated_at IS NULL
