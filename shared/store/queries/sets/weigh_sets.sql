-- What bears on sets that are to be logged: which exercises and grips are none, how many sets the workout
-- has, and which places of those exercises are taken.
SELECT
    ARRAY(
        SELECT asked.id FROM unnest($3::uuid[]) AS asked (id)
        WHERE NOT EXISTS (
            SELECT FROM exercises AS e
            WHERE e.id = asked.id AND (e.user_id IS NULL OR e.user_id = $1::uuid)
        )
    ) AS no_exercises,
    ARRAY(
        SELECT asked.slug FROM unnest($4::text[]) AS asked (slug)
        WHERE NOT EXISTS (SELECT FROM grips AS g WHERE g.slug = asked.slug)
    ) AS no_grips,
    (
        SELECT count(*) FROM workout_sets AS s
        WHERE s.user_id = $1::uuid AND s.workout_id = $2::uuid
    ) AS sets,
    (
        SELECT coalesce(jsonb_agg(jsonb_build_array(s.exercise_id, s.set_index, s.side)), '[]')
        FROM workout_sets AS s
        WHERE s.user_id = $1::uuid AND s.workout_id = $2::uuid AND s.exercise_id = ANY ($3::uuid[])
    ) AS places,
    EXISTS (
        SELECT FROM record_repairs AS r
        WHERE r.user_id = $1::uuid AND r.exercise_id = ANY ($3::uuid[])
    ) AS has_repairs
