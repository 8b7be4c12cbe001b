-- How long until each of these buckets gives again.
SELECT max(extract(epoch FROM full_at - clock_timestamp()) + cost_s - holds_s)::float8
FROM rate_limits
WHERE key_sha256 = ANY ($1::bytea[])
