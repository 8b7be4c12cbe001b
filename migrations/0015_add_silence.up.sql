-- Why: a provider may stop sending webhooks without a word (Polar after 7 days of failures, Garmin after
-- some 30), and what does not come says nothing. Whoever looks after a connection notes when it last
-- delivered, so that a provider of which nobody hears is seen without a look at anybody's deliveries.
-- Of connections that are there already, silence counts from now. Old code leaves the columns alone.
SET LOCAL lock_timeout = '2s';

ALTER TABLE reconciliations
    ADD COLUMN awaited_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN is_connected boolean NOT NULL DEFAULT true;
