SELECT
    valid_from, ftp_w, hr_max_bpm, hr_rest_bpm, hr_threshold_bpm, threshold_speed_mps,
    css_mps, cp_w, wprime_j, weight_kg
FROM athlete_thresholds
WHERE user_id = $1::uuid
ORDER BY valid_from
