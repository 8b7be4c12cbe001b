-- Whether another provider tells of something that began at about the same time.
SELECT EXISTS (
    SELECT FROM workouts
    WHERE user_id = $1::uuid AND provider <> $2::text
        AND started_at BETWEEN $3::timestamptz AND $4::timestamptz
        AND parent_id IS NULL AND deleted_at IS NULL AND generation > 0
)
