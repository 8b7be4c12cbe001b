-- Why: how often one account or address may try, counted once for all instances. A bucket that is full again is as
-- good as none, so that the sweep forgets it; and after a crash all are full, which costs nothing, so none of it is
-- written ahead. What a bucket is of is kept as a hash. Old code takes from none.
SET LOCAL lock_timeout = '2s';

CREATE UNLOGGED TABLE rate_limits (
    key_sha256 bytea            NOT NULL,
    -- What one attempt takes, and what a full bucket holds, in seconds of refilling.
    cost_s     double precision NOT NULL,
    holds_s    double precision NOT NULL,
    full_at    timestamptz      NOT NULL,
    CONSTRAINT rate_limits_pkey PRIMARY KEY (key_sha256),
    CONSTRAINT bucket_holds_an_attempt CHECK (cost_s > 0 AND holds_s >= cost_s)
);

CREATE INDEX rate_limits_by_full_at ON rate_limits (full_at);

ALTER TABLE rate_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE rate_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY nobodys ON rate_limits TO paceline_identity, paceline_ingest, paceline_sweep
    USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE (cost_s, holds_s, full_at) ON rate_limits TO paceline_identity, paceline_ingest;
GRANT SELECT, DELETE ON rate_limits TO paceline_sweep;
