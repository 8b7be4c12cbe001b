SET LOCAL lock_timeout = '2s';

ALTER TABLE reconciliations
    DROP COLUMN awaited_since,
    DROP COLUMN delivered_at,
    DROP COLUMN is_connected;
