SELECT
    id AS entry_id, at, user_id, action, is_refused, subject_id, community_id, address, detail
FROM audit_log
WHERE id < $1::uuid
    AND ($2::uuid IS NULL OR user_id = $2::uuid)
    AND ($3::uuid IS NULL OR subject_id = $3::uuid)
    AND ($4::text IS NULL OR action = $4::text)
ORDER BY id DESC
LIMIT $5::bigint
