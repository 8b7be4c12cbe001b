-- Tells the transaction whose rows it may see, and how long it may take. Transaction-scoped, so it
-- is gone at commit and safe behind a transaction pooler.
SELECT
    set_config('app.user_id', $1::text, true),
    set_config('app.provider', $2::text, true),
    set_config('app.provider_user_id', $3::text, true),
    set_config('statement_timeout', $4::text, true),
    set_config('lock_timeout', $5::text, true)
