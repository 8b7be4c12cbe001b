-- Rows whose content changes; places are compared when all of a save is written.
UPDATE workout_log_exercises AS e
SET exercise_id = w.exercise_id,
    order_index = w.order_index,
    sets = w.sets,
    reps = w.reps,
    weights = w.weights,
    completed = w.completed,
    bodyweight = w.bodyweight,
    notes = w.notes,
    added_type = w.added_type,
    original_index = w.original_index,
    revision = e.revision + 1
FROM jsonb_to_recordset($3::jsonb) AS w (
    id uuid, exercise_id uuid, order_index integer, sets integer, reps integer[],
    weights numeric(7, 2)[], completed boolean[], bodyweight numeric(7, 2), notes text,
    added_type text, original_index integer
)
WHERE e.log_id = $1::uuid AND e.user_id = $2::uuid AND e.id = w.id
