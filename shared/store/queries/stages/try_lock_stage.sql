SELECT try_advisory_lock('stage:' || $1::uuid::text || ':' || $2::text)
