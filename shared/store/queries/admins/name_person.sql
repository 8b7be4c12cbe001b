-- From here on the transaction sees this user too, and may write of them what its role may.
SELECT set_config('app.person', $1::uuid::text, true)
