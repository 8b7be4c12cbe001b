DELETE FROM athlete_thresholds
WHERE user_id = $1::uuid
