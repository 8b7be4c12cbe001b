-- Guards: each page counts once.
-- Races with: another pass whose claim took over; the athlete's beginning anew.
-- Safe because: one guarded UPDATE decides, in the transaction that announces the page.
UPDATE backfills
SET next_page = $6::text,
    found = found + $5::bigint,
    is_listed = $6::text IS NULL
WHERE connection_id = $1::uuid
    AND user_id = $2::uuid
    AND until = $3::timestamptz
    AND next_page IS NOT DISTINCT FROM $4::text
    AND NOT is_listed
