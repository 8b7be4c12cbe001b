-- Workouts whose plans were edited are judged against the edited plans again.
SET LOCAL lock_timeout = '2s';

DROP INDEX workouts_hinted;
ALTER TABLE workouts
    DROP COLUMN exercises,
    DROP COLUMN plan_hint,
    DROP COLUMN plan_linked_at,
    DROP COLUMN plan_snapshot;
