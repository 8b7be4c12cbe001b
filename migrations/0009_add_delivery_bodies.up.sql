-- Why: what a provider said is kept as it came, so that an operator can read it again after a
-- mistake of ours was mended. The bytes go after a while and their hash stays, so a late repetition
-- is still known. An item of a body that holds several athletes' is kept with its own athlete
-- alone. Old code writes rows without them.
SET LOCAL lock_timeout = '2s';

ALTER TABLE deliveries
    ADD COLUMN headers jsonb,
    ADD COLUMN body bytea,
    DROP CONSTRAINT event_known,
    DROP CONSTRAINT outcome_known,
    ADD CONSTRAINT event_known CHECK (event IN ('create', 'update', 'delete', 'access')),
    ADD CONSTRAINT outcome_known CHECK (outcome IN (
        'created', 'changed', 'unchanged', 'stale', 'deleted', 'absent', 'announced', 'noted'
    )),
    ADD CONSTRAINT body_has_headers CHECK ((body IS NULL) = (headers IS NULL));
-- It is compressed already.
ALTER TABLE deliveries ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE INDEX deliveries_kept ON deliveries (received_at) WHERE body IS NOT NULL;
CREATE INDEX deliveries_of_workout ON deliveries (workout_id, received_at DESC)
    WHERE workout_id IS NOT NULL;

-- The sweep forgets bodies, of anybody's deliveries, and can do nothing else to them.
CREATE POLICY every_delivery ON deliveries TO paceline_sweep USING (true) WITH CHECK (true);
GRANT SELECT (id, received_at, body), UPDATE (body, headers) ON deliveries TO paceline_sweep;
