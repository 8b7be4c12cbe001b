SELECT user_id
FROM connections
WHERE provider = $1::text AND provider_user_id = $2::text
