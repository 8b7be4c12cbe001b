-- Programs that were made for a predecessor's logs, were not changed since, and of which there is no log.
DELETE FROM programs AS p
USING predecessor_imports AS i
WHERE i.user_id = $1::uuid AND i.kind = 'program' AND i.is_made
    AND p.user_id = i.user_id AND p.id = i.id AND p.updated_at = i.imported_at
    AND NOT EXISTS (SELECT FROM workout_logs AS l WHERE l.user_id = p.user_id AND l.program_id = p.id)
