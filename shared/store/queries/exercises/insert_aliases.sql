-- Guards: that a name means one exercise of an athlete's.
-- Races with: another of the same name.
-- Safe because: the constraint exercise_aliases_pkey refuses it.
INSERT INTO exercise_aliases (alias, exercise_id, user_id)
SELECT given.alias, $2::uuid, $1::uuid
FROM unnest($3::text[]) AS given (alias)
