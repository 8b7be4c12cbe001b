-- What else bears on an activity that came: a deletion that came before it, the athlete's time zone,
-- and whether another provider tells of something that began at about the same time, which is a wider span
-- where one of the two was logged by hand.
SELECT
    (
        SELECT provider_time FROM early_deletions
        WHERE user_id = $1::uuid AND provider = $2::text AND provider_activity_id = $3::text
            AND session_index = $4::smallint
    ) AS deleted_at,
    (SELECT time_zone FROM athletes WHERE user_id = $1::uuid) AS time_zone,
    EXISTS (
        SELECT FROM workouts
        WHERE user_id = $1::uuid AND provider <> $2::text
            AND started_at BETWEEN $5::timestamptz - $7::interval AND $5::timestamptz + $7::interval
            AND (
                $2::text = $8::text OR provider = $8::text
                OR started_at BETWEEN $5::timestamptz - $6::interval AND $5::timestamptz + $6::interval
            )
            AND parent_id IS NULL AND deleted_at IS NULL AND generation > 0
    ) AS has_neighbour
