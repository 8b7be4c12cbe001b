SET LOCAL lock_timeout = '2s';

DROP TABLE planned_workouts;
