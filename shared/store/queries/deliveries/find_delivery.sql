SELECT workout_id
FROM deliveries
WHERE user_id = $1::uuid AND provider = $2::text AND delivery_key = $3::text
    AND body_sha256 = $4::bytea
