SELECT
    generation,
    summary_status, summary_error, summary_updated_at,
    analysis_status, analysis_error, analysis_updated_at,
    metrics_status, metrics_error, metrics_updated_at
FROM workout_status
WHERE workout_id = $1::uuid AND user_id = $2::uuid
