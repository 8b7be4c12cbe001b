INSERT INTO admins (user_id, role)
VALUES ($1::uuid, $2::text)
ON CONFLICT ON CONSTRAINT admins_pkey DO UPDATE
SET role = EXCLUDED.role,
    granted_at = clock_timestamp()
RETURNING user_id, role, granted_at
