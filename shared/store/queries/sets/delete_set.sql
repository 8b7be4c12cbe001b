-- Records of the set go with it, and are made anew of those that are left.
DELETE FROM workout_sets
WHERE user_id = $1::uuid AND id = $2::uuid
RETURNING exercise_id, grip_key, set_index
