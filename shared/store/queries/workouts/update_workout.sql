-- Replaces what the provider owns and keeps what the athlete owns; the local date is fixed when the
-- workout first comes, which an announcement is not. A tombstone comes back to life.
UPDATE workouts
SET sport = $3::text,
    sub_sport = $4::text,
    name = $5::text,
    started_at = $6::timestamptz,
    utc_offset_s = $7::integer,
    duration_s = $8::float8,
    distance_m = $9::float8,
    partial = $10::boolean,
    exercises = $11::text[],
    plan_hint = $12::jsonb,
    content_sha256 = $13::bytea,
    provider_time = $14::timestamptz,
    local_date = CASE WHEN generation = 0 THEN $15::date ELSE local_date END,
    generation = generation + 1,
    deleted_at = NULL,
    told_at = clock_timestamp(),
    updated_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid
RETURNING generation
