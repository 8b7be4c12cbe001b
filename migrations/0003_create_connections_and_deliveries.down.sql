SET LOCAL lock_timeout = '2s';

DROP TABLE deliveries;
DROP TABLE connections;
