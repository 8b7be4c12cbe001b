SELECT sex, units, time_zone
FROM athletes
WHERE user_id = $1::uuid
