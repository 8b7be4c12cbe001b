-- The recording, the plan, the athlete and the generation they make up, in one snapshot: a row for
-- each source that tells of the session, which is one row for most.
SELECT
    w.generation,
    part.id = coalesce(w.lead_id, w.id) AS leads,
    part.provider,
    part.sport,
    part.sub_sport,
    w.local_date,
    r.columns,
    a.sex,
    t.ftp_w,
    t.hr_max_bpm,
    t.hr_rest_bpm,
    t.hr_threshold_bpm,
    t.threshold_speed_mps,
    t.css_mps,
    t.cp_w,
    t.wprime_j,
    t.weight_kg,
    p.id AS planned_id,
    p.date AS plan_date,
    p.sport AS plan_sport,
    p.sub_sport AS plan_sub_sport,
    p.name AS plan_name,
    p.steps AS plan_steps,
    p.total_duration_s AS plan_duration_s,
    p.total_distance_m AS plan_distance_m,
    p.pool_length_m AS plan_pool_length_m
FROM workouts AS w
CROSS JOIN LATERAL (
    SELECT w.id
    UNION ALL
    SELECT source.id FROM workouts AS source WHERE source.merged_into = w.id
) AS told
JOIN workouts AS part ON part.id = told.id
JOIN recordings AS r ON r.workout_id = part.id
LEFT JOIN athletes AS a ON a.user_id = w.user_id
LEFT JOIN LATERAL (
    SELECT *
    FROM athlete_thresholds AS day
    WHERE day.user_id = w.user_id AND day.valid_from <= w.local_date
    ORDER BY day.valid_from DESC
    LIMIT 1
) AS t ON true
LEFT JOIN planned_workouts AS p ON p.id = w.planned_id
WHERE w.id = $1::uuid AND w.user_id = $2::uuid AND w.deleted_at IS NULL
