-- Guards: that an athlete has one exercise of a name.
-- Races with: another of the same name.
-- Safe because: the constraint exercises_name_key refuses it.
INSERT INTO exercises (
    id, user_id, name, category, measure, mechanics, equipment, primary_muscles, secondary_muscles,
    is_unilateral
)
VALUES (
    $2::uuid, $1::uuid, $3::text, $4::text, $5::text, $6::text, $7::text[], $8::text[], $9::text[],
    $10::boolean
)
