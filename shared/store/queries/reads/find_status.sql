SELECT
    generation,
    summary_status, summary_error, summary_updated_at,
    analysis_status, analysis_error, analysis_updated_at,
    metrics_status, metrics_error, metrics_updated_at
FROM workout_status
WHERE workout_id = (
        SELECT coalesce(asked.merged_into, asked.id)
        FROM workouts AS asked
        WHERE asked.id = $1::uuid AND asked.user_id = $2::uuid
    )
    AND user_id = $2::uuid
