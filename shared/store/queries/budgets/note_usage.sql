-- The provider knows better how much was used, and how much it takes; an answer that was overtaken
-- by another must not lower the count.
UPDATE provider_windows
SET most = $3::integer,
    used = greatest(used, $4::integer)
WHERE provider = $1::text AND length_s = $2::integer AND resets_at > clock_timestamp()
