-- From here on the transaction sees the rows of the user whose subject this is.
SELECT user_id, set_config('app.user_id', user_id::text, true)
FROM external_identities
WHERE issuer = $1::text AND subject = $2::text
