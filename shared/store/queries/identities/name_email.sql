-- A login knows nothing but an address; from here on the transaction sees the row of that one.
SELECT set_config('app.email', $1::text, true)
