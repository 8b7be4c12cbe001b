-- A permission that is there stays as it is.
INSERT INTO coach_permissions (user_id, coach_id)
VALUES ($1::uuid, $2::uuid)
ON CONFLICT ON CONSTRAINT coach_permissions_pkey DO NOTHING
