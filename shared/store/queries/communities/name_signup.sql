-- Whoever signs up knows nothing but a token; from here on the transaction sees the community of that one.
SELECT set_config('app.signup', encode($1::bytea, 'hex'), true)
