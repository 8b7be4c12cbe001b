-- From here on the transaction sees this user's rows; a webhook learns late whose delivery it is.
SELECT set_config('app.user_id', $1::text, true)
