-- A token of another issuer names a subject; from here on the transaction sees the row of that one.
SELECT
    set_config('app.issuer', $1::text, true),
    set_config('app.subject', $2::text, true)
