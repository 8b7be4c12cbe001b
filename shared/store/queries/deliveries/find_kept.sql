SELECT delivery_key, body_sha256, headers, body
FROM deliveries
WHERE id = $1::uuid AND user_id = $2::uuid AND body IS NOT NULL
