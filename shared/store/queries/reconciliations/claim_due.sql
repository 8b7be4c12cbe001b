-- Guards: one pass at a time asks about a connection.
-- Races with: another pass.
-- Safe because: SKIP LOCKED passes over a row that is being taken right now, and a claim ends with
-- its deadline; asking twice costs requests and changes nothing.
UPDATE reconciliations
SET claim_token = $1::uuid,
    claim_expires_at = clock_timestamp() + make_interval(secs => $2::float8)
WHERE connection_id = (
    SELECT connection_id
    FROM reconciliations
    WHERE due_at <= clock_timestamp()
        AND (claim_token IS NULL OR claim_expires_at < clock_timestamp())
        AND provider = ANY ($3::text[])
    ORDER BY due_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING connection_id, user_id, provider, reconciled_at, doubted_at
