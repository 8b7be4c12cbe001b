-- Which account a workout came from is part of its provider's own name for it; an athlete has one
-- account at a provider, or the one that was connected first is asked.
SELECT
    id, provider_user_id, status, access_token, refresh_token, token_version,
    access_expires_at IS NULL
        OR access_expires_at > clock_timestamp() + make_interval(secs => $3::float8) AS is_fresh
FROM connections
WHERE user_id = $1::uuid AND provider = $2::text
ORDER BY created_at, id
LIMIT 1
