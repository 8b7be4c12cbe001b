-- The recording, the plan as it was asked, the athlete and the generation they make up, in one
-- snapshot: a row for each source that tells of the session, which is one row for most. A plan that
-- was not edited since it was linked is what was asked.
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
    w.planned_id,
    coalesce(
        w.plan_snapshot, to_jsonb(p) - ARRAY['id', 'user_id', 'created_at', 'updated_at']
    ) AS plan
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
