-- Old code knows neither what was announced nor what concerned an access.
SET LOCAL lock_timeout = '2s';

-- Or the owner would see nobody's rows.
ALTER TABLE deliveries NO FORCE ROW LEVEL SECURITY;
DELETE FROM deliveries WHERE event = 'access' OR outcome IN ('announced', 'noted');
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;

REVOKE ALL (id, received_at, body, headers) ON deliveries FROM paceline_sweep;
DROP POLICY every_delivery ON deliveries;
DROP INDEX deliveries_of_workout;
DROP INDEX deliveries_kept;
ALTER TABLE deliveries
    DROP COLUMN headers,
    DROP COLUMN body,
    DROP CONSTRAINT event_known,
    DROP CONSTRAINT outcome_known,
    ADD CONSTRAINT event_known CHECK (event IN ('create', 'update', 'delete')),
    ADD CONSTRAINT outcome_known CHECK (outcome IN (
        'created', 'changed', 'unchanged', 'stale', 'deleted', 'absent'
    ));
