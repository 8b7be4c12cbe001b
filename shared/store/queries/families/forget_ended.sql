-- What has ended is of no use to anybody, so that nobody's families pile up.
DELETE FROM token_families
WHERE user_id = $1::uuid AND expires_at < clock_timestamp()
