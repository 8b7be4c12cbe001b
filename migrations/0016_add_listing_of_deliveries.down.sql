SET LOCAL lock_timeout = '2s';

CREATE INDEX deliveries_kept ON deliveries (received_at) WHERE body IS NOT NULL;
DROP INDEX deliveries_kept_in_order;
DROP POLICY operator_lists ON deliveries;
