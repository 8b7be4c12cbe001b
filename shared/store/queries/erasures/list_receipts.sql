-- One cannot have disconnected more often than this by hand.
SELECT id AS erasure_id, provider, why, revoked, erased AS rows, erased_at
FROM erasure_receipts
WHERE user_id = $1::uuid
ORDER BY erased_at DESC, id DESC
LIMIT 500
