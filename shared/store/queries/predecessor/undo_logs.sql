-- Guards: exactly what was taken over goes, exercises with their log.
-- Races with: nothing; the user's lock is held.
-- Safe because: a log that was saved since is the athlete's work, and stays.
DELETE FROM workout_logs AS l
USING predecessor_imports AS i
WHERE i.user_id = $1::uuid AND i.kind = 'log' AND i.is_made
    AND l.user_id = i.user_id AND l.id = i.id AND l.updated_at = i.imported_at
