DELETE FROM exercise_aliases
WHERE exercise_id = $2::uuid AND user_id = $1::uuid
