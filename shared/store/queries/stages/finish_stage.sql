SELECT merge_computed($1::uuid, $2::text, $3::uuid, $4::bigint, $5::jsonb, $6::integer)
