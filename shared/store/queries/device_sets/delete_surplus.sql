-- What the recording told of before and does not now: it tells of fewer.
DELETE FROM workout_sets
WHERE user_id = $1::uuid AND workout_id = $2::uuid AND told_by = $3::text
    AND id NOT IN (
        SELECT device_set_id($2::uuid, place) FROM generate_series(1, $4::integer) AS place
    )
