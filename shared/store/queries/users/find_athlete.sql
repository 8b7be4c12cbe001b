SELECT sex, units, time_zone, source_preference
FROM athletes
WHERE user_id = $1::uuid
