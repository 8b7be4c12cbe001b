-- A refresh knows nothing but its token; from here on the transaction sees the row of that one.
SELECT set_config('app.refresh_token', encode($1::bytea, 'hex'), true)
