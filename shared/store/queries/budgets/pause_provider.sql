INSERT INTO provider_pauses (provider, until)
VALUES ($1::text, $2::timestamptz)
ON CONFLICT ON CONSTRAINT provider_pauses_pkey DO UPDATE
SET until = greatest(provider_pauses.until, EXCLUDED.until)
