-- Everybody may try again.
SET LOCAL lock_timeout = '2s';

DROP TABLE rate_limits;
