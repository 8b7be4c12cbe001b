-- The provider says the same again, later: nothing is to be computed, but whatever it said in
-- between and arrives only now is older than this.
UPDATE workouts
SET provider_time = $3::timestamptz,
    told_at = clock_timestamp()
WHERE id = $1::uuid AND user_id = $2::uuid AND provider_time < $3::timestamptz
