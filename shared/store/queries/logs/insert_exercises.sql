INSERT INTO workout_log_exercises (
    log_id, user_id, id, exercise_id, order_index, sets, reps, weights, completed, bodyweight, notes,
    added_type, original_index
)
SELECT
    $1::uuid, $2::uuid, w.id, w.exercise_id, w.order_index, w.sets, w.reps, w.weights, w.completed,
    w.bodyweight, w.notes, w.added_type, w.original_index
FROM jsonb_to_recordset($3::jsonb) AS w (
    id uuid, exercise_id uuid, order_index integer, sets integer, reps integer[],
    weights numeric(7, 2)[], completed boolean[], bodyweight numeric(7, 2), notes text,
    added_type text, original_index integer
)
