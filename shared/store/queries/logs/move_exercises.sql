-- Rows of which only the place changes.
UPDATE workout_log_exercises AS e
SET order_index = w.order_index
FROM jsonb_to_recordset($3::jsonb) AS w (id uuid, order_index integer)
WHERE e.log_id = $1::uuid AND e.user_id = $2::uuid AND e.id = w.id
