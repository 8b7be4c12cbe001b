-- Why: a workout is judged against what was asked when it was done, whatever the plan says later. What
-- a link's plan said is copied into the workout by the first edit after the link was made, so that
-- linking costs nothing; until then the plan itself is what was asked. Beside it stands what tells
-- plans apart: what was lifted, and which plan the provider says it was. Old code links without
-- saying when, and edits plans without keeping what they said.
SET LOCAL lock_timeout = '2s';

ALTER TABLE workouts
    ADD COLUMN exercises text[] NOT NULL DEFAULT '{}',
    ADD COLUMN plan_hint jsonb,
    ADD COLUMN plan_linked_at timestamptz,
    ADD COLUMN plan_snapshot jsonb,
    ADD CONSTRAINT plan_hint_is_object CHECK (jsonb_typeof(plan_hint) = 'object'),
    ADD CONSTRAINT plan_snapshot_is_object CHECK (jsonb_typeof(plan_snapshot) = 'object');

-- Those that wait for the plan that their provider named, whatever its date.
CREATE INDEX workouts_hinted ON workouts (user_id)
    WHERE plan_hint ->> 'planned_id' IS NOT NULL AND planned_id IS NULL;
