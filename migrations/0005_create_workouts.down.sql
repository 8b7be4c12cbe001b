SET LOCAL lock_timeout = '2s';

DROP TABLE recordings;
DROP TABLE workouts;
