-- Whoever is in it already stays what they are.
INSERT INTO memberships (user_id, community_id)
VALUES ($1::uuid, $2::uuid)
ON CONFLICT ON CONSTRAINT memberships_pkey DO NOTHING
