SELECT
    r.id, r.exercise_id, e.name AS exercise_name, r.kind, r.grip_key, r.value::float8 AS value,
    r.achieved_at, r.set_id, r.workout_id, NULL::float8 AS previous
FROM personal_records AS r
JOIN exercises AS e ON e.id = r.exercise_id
WHERE r.user_id = $1::uuid
    AND ($2::uuid IS NULL OR r.exercise_id = $2::uuid)
    AND ($3::text IS NULL OR r.kind = $3::text)
    AND ($4::text[] IS NULL OR r.grip_key = grip_key($4::text[]))
    AND (r.achieved_at, r.id) < ($5::timestamptz, $6::uuid)
ORDER BY r.achieved_at DESC, r.id DESC
LIMIT $7::bigint
