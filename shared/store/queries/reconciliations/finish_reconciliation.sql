-- Guards: only the holder of the claim ends it.
-- Races with: a pass that took over after the deadline; a webhook that says meanwhile that our access
-- ended.
-- Safe because: one guarded UPDATE decides. What could not be asked is due again sooner, and the time
-- from which it is asked stays where it was, so that nothing falls in between. An answer disproves the
-- doubt that was there when it was asked for, and a newer doubt keeps the row due. When it last
-- delivered is read here, as its user, because whoever looks for silence sees nobody's deliveries.
UPDATE reconciliations
SET claim_token = NULL,
    claim_expires_at = NULL,
    due_at = CASE
        WHEN doubted_at IS NOT DISTINCT FROM $7::timestamptz
            THEN clock_timestamp() + make_interval(secs => $3::float8)
        ELSE due_at
    END,
    doubted_at = CASE
        WHEN $4::timestamptz IS NOT NULL AND doubted_at = $7::timestamptz THEN NULL
        ELSE doubted_at
    END,
    reconciled_at = coalesce($4::timestamptz, reconciled_at),
    repaired = repaired + $5::bigint,
    last_error = $6::text,
    delivered_at = (
        SELECT max(received_at)
        FROM deliveries
        WHERE user_id = reconciliations.user_id AND provider = reconciliations.provider
    ),
    is_connected = coalesce(
        (SELECT status = 'connected' FROM connections WHERE id = $1::uuid),
        is_connected
    )
WHERE connection_id = $1::uuid AND claim_token = $2::uuid
