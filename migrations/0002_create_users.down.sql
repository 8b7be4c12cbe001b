SET LOCAL lock_timeout = '2s';

DROP TABLE athlete_thresholds;
DROP TABLE athletes;
DROP TABLE users;
