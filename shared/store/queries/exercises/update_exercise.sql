-- Of the athlete's own alone; one that was archived is offered again.
UPDATE exercises
SET name = $3::text,
    category = $4::text,
    measure = $5::text,
    mechanics = $6::text,
    equipment = $7::text[],
    primary_muscles = $8::text[],
    secondary_muscles = $9::text[],
    is_unilateral = $10::boolean,
    archived_at = NULL
WHERE id = $2::uuid AND user_id = $1::uuid
