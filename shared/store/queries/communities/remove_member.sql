-- Guards: whoever was made more than they were when it was decided stays.
-- Races with: a change of their role.
-- Safe because: the role is looked at again where the row is deleted.
DELETE FROM memberships
WHERE community_id = $1::uuid AND user_id = $2::uuid AND role = $3::text
