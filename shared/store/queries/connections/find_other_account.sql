-- An athlete has one account at a provider: of two, only the first would ever be asked.
SELECT id
FROM connections
WHERE user_id = $1::uuid AND provider = $2::text AND provider_user_id <> $3::text
LIMIT 1
