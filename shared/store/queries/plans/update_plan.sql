-- A replacement by the same content writes no row. Otherwise the workout that holds the plan keeps
-- what was asked before, unless it keeps something older, and this says whether that plan and the
-- edited one are alike now where they were not before, or no longer are.
-- Guards: that no edit can come between a link and what was asked when it was made.
-- Races with: nothing; the user's lock is held.
WITH before AS (
    SELECT to_jsonb(p) - ARRAY['id', 'user_id', 'created_at', 'updated_at'] AS content
    FROM planned_workouts AS p
    WHERE p.id = $1::uuid AND p.user_id = $2::uuid
), edited AS (
    UPDATE planned_workouts AS p
    SET date = $3::date,
        sport = $4::text,
        sub_sport = $5::text,
        name = $6::text,
        steps = $7::jsonb,
        total_duration_s = $8::float8,
        total_distance_m = $9::float8,
        pool_length_m = $10::float8,
        updated_at = clock_timestamp()
    WHERE p.id = $1::uuid AND p.user_id = $2::uuid
        AND (
            date, sport, sub_sport, name, steps, total_duration_s, total_distance_m, pool_length_m
        )
            IS DISTINCT FROM
            (
                $3::date, $4::text, $5::text, $6::text, $7::jsonb, $8::float8, $9::float8,
                $10::float8
            )
    RETURNING to_jsonb(p) - ARRAY['id', 'user_id', 'created_at', 'updated_at'] AS content
), held AS (
    SELECT w.id, coalesce(w.plan_snapshot, before.content) AS asked
    FROM workouts AS w, before
    WHERE w.planned_id = $1::uuid AND w.user_id = $2::uuid
), kept AS (
    UPDATE workouts AS w
    SET plan_snapshot = held.asked
    FROM held, edited
    WHERE w.id = held.id AND w.plan_snapshot IS NULL
)
SELECT coalesce((held.asked = before.content) <> (held.asked = edited.content), false) AS is_news
FROM edited
CROSS JOIN before
LEFT JOIN held ON true
