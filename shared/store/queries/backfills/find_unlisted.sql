SELECT since, until, next_page
FROM backfills
WHERE connection_id = $1::uuid AND user_id = $2::uuid AND NOT is_listed
