-- A callback knows nothing but its state; from here on the transaction sees the row of that one.
SELECT set_config('app.state', encode($1::bytea, 'hex'), true)
