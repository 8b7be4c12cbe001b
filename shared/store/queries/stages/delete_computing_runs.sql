-- What is merged into another workout is computed there; its own provider may still be asked.
DELETE FROM stage_runs
WHERE workout_id = $1::uuid AND user_id = $2::uuid AND stage <> 'fetch'
