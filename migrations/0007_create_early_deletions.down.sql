SET LOCAL lock_timeout = '2s';

DROP TABLE early_deletions;
