-- What is no longer here was never taken over; what stays is known to have been.
DELETE FROM predecessor_imports AS i
WHERE i.user_id = $1::uuid
    AND NOT (i.kind = 'set' AND i.is_made AND EXISTS (
        SELECT FROM workout_sets AS s WHERE s.user_id = i.user_id AND s.id = i.id
    ))
    AND NOT (i.kind = 'workout' AND i.is_made AND EXISTS (
        SELECT FROM workouts AS w WHERE w.user_id = i.user_id AND w.id = i.id
    ))
    AND NOT (i.kind = 'program' AND i.is_made AND EXISTS (
        SELECT FROM programs AS p WHERE p.user_id = i.user_id AND p.id = i.id
    ))
    AND NOT (i.kind = 'log' AND EXISTS (
        SELECT FROM workout_logs AS l WHERE l.user_id = i.user_id AND l.id = i.id
    ))
    AND NOT (i.kind = 'exercise' AND i.is_made AND EXISTS (
        SELECT FROM exercises AS e WHERE e.user_id = i.user_id AND e.id = i.id
    ))
