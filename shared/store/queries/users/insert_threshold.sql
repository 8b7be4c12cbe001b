INSERT INTO athlete_thresholds (
    user_id, valid_from, ftp_w, hr_max_bpm, hr_rest_bpm, hr_threshold_bpm, threshold_speed_mps,
    css_mps, cp_w, wprime_j, weight_kg
)
VALUES (
    $1::uuid, $2::date, $3::float8, $4::float8, $5::float8, $6::float8, $7::float8,
    $8::float8, $9::float8, $10::float8, $11::float8
)
