INSERT INTO audit_log (id, user_id, action, is_refused, subject_id, community_id, address, detail)
VALUES ($1::uuid, $2::uuid, $3::text, $4::boolean, $5::uuid, $6::uuid, $7::text, $8::jsonb)
