-- Every save that changes something comes here, whatever it changes, so the version tells of each.
-- Guards: that no save overwrites another one, and that what is finished stays finished.
-- Races with: a save of the same log that does not hold the user's lock.
-- Safe because: it writes only the version that was read; `completed_at` is set once and never taken.
UPDATE workout_logs
SET name = $4::text,
    date = $5::date,
    duration_s = $6::integer,
    notes = $7::text,
    weight_unit = $8::text,
    completed_at = coalesce(completed_at, $9::timestamptz),
    version = version + 1,
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid AND version = $3::bigint
