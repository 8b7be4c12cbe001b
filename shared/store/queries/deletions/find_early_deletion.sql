SELECT provider_time
FROM early_deletions
WHERE user_id = $1::uuid AND provider = $2::text AND provider_activity_id = $3::text
    AND session_index = $4::smallint
