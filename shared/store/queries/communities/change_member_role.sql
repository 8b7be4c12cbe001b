UPDATE memberships
SET role = $3::text
WHERE community_id = $1::uuid AND user_id = $2::uuid
