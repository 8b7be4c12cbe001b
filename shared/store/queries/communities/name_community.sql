-- From here on the transaction sees this community and who is in it, and may write to it.
SELECT set_config('app.community', $1::uuid::text, true)
