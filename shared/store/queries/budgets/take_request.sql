-- Guards: all of our application together asks no more often than a provider takes.
-- Races with: every other request to the same provider.
-- Safe because: each window's row is counted by one guarded UPDATE, in the order of the lengths, so
-- that nobody waits in a circle; whoever gets fewer rows than there are windows rolls back. A window
-- turns at whole multiples of its length. What is not live leaves a fifth of each for what is.
INSERT INTO provider_windows AS window_row (provider, length_s, most, used, resets_at)
SELECT
    $1::text, asked.length_s, asked.most, 1,
    to_timestamp((floor(extract(epoch FROM clock_timestamp()) / asked.length_s) + 1) * asked.length_s)
FROM unnest($2::integer[], $3::integer[]) AS asked (length_s, most)
WHERE asked.most > 0
ORDER BY asked.length_s
ON CONFLICT ON CONSTRAINT provider_windows_pkey DO UPDATE
SET used = CASE WHEN window_row.resets_at <= clock_timestamp() THEN 1 ELSE window_row.used + 1 END,
    resets_at = CASE
        WHEN window_row.resets_at <= clock_timestamp() THEN EXCLUDED.resets_at
        ELSE window_row.resets_at
    END
WHERE window_row.resets_at <= clock_timestamp()
    OR window_row.used < window_row.most - CASE WHEN $4::boolean THEN 0 ELSE window_row.most / 5 END
RETURNING length_s
