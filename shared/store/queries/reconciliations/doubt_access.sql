-- A webhook's word that our access ended: the provider is asked soon, and decides.
UPDATE reconciliations
SET due_at = clock_timestamp(),
    doubted_at = clock_timestamp()
WHERE user_id = $1::uuid AND provider = $2::text
