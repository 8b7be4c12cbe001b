-- Guards: a word is one exercise of the athlete's, however often it comes.
-- Races with: nothing; the user's lock is held.
-- Safe because: names that differ in letter case or marks alone are one name to the constraint.
INSERT INTO exercises (id, user_id, name, category, measure)
SELECT gen_random_uuid(), $1::uuid, word, 'strength', 'reps'
FROM unnest($2::text[]) AS word
WHERE name_key(word) <> ''
ON CONFLICT ON CONSTRAINT exercises_name_key DO NOTHING
