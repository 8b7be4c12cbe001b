SELECT
    (SELECT role FROM admins WHERE user_id = $1::uuid) AS admin,
    (SELECT role FROM memberships WHERE user_id = $1::uuid AND community_id = $2::uuid) AS community,
    EXISTS (SELECT FROM communities WHERE id = $2::uuid) AS is_there
