-- Of every user: the sweep's role sees which records are to be made, and nothing of what they are of.
SELECT user_id, exercise_id, grip_key
FROM record_repairs
ORDER BY noted_at
LIMIT $1::bigint
