INSERT INTO deliveries (
    id, user_id, provider, delivery_key, body_sha256, event, outcome, workout_id, headers, body
)
VALUES (
    $1::uuid, $2::uuid, $3::text, $4::text, $5::bytea, $6::text, $7::text, $8::uuid,
    $9::jsonb, $10::bytea
)
