-- A webhook said that our access ended, and the provider, asked, refused it: both, or nothing is
-- believed. Who connected again since has neither.
SELECT c.id
FROM connections AS c
JOIN reconciliations AS r ON r.connection_id = c.id
WHERE c.id = $1::uuid AND c.user_id = $2::uuid
    AND c.status = 'needs_reauthorisation'
    AND r.doubted_at IS NOT NULL
