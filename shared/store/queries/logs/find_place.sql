-- The one lookup of a program's day: no row when there is no such program, no log when nothing was
-- logged of the day yet.
SELECT p.weeks, p.days, l.id AS log_id
FROM programs AS p
LEFT JOIN workout_logs AS l
    ON l.user_id = p.user_id AND l.program_key = p.id
    AND l.week_key = $3::integer AND l.day_key = $4::integer
WHERE p.id = $1::uuid AND p.user_id = $2::uuid
