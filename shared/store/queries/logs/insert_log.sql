-- Guards: one log for each day of a program.
-- Races with: a save of the same day that does not hold the user's lock.
-- Safe because: `one_log_per_program_day` refuses the second one, which then is an update of the first.
INSERT INTO workout_logs (
    id, user_id, program_id, week_index, day_index, name, date, duration_s, notes, weight_unit
)
VALUES (
    $1::uuid, $2::uuid, $3::uuid, $4::integer, $5::integer, $6::text, $7::date, $8::integer,
    $9::text, $10::text
)
