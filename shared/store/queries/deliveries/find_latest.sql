-- What the provider said last about a workout, if it is still kept.
SELECT event, headers, body
FROM deliveries
WHERE workout_id = $1::uuid AND user_id = $2::uuid AND body IS NOT NULL
ORDER BY received_at DESC
LIMIT 1
