-- Guards: a run whose doorbells nobody can answer says so, instead of being pending for ever.
-- Races with: a claim, a newer request, a redrive, a rescue, the sweep's next ring.
-- Safe because: one guarded UPDATE decides, and only a pending run is taken: a live claim is its
-- holder's, an expired one the sweep's, and a terminal one nobody's. The ledger's attempts end long
-- before SQS's receives, so a doorbell that named a run and died was never answered at all; that is
-- believed only when updated_at agrees, which moves with every request, claim, failure and rescue:
-- nothing has happened to the run for as long as a doorbell lives. A ring alone does not move it,
-- because ringing again repeats the question. The last ring has to be recent, so that the sweep
-- comes first: after an outage of the database it rings, and the run completes. A letter between
-- that ring and its claim costs a redrive, never a result.
-- Test: tests/faults/dead_letters.rs
UPDATE stage_runs
SET status = 'failed',
    error = $4::text,
    last_error = $4::text,
    updated_at = clock_timestamp()
WHERE workout_id = $1::uuid
    AND stage = $2::text
    AND user_id = $3::uuid
    AND status = 'pending'
    AND updated_at < clock_timestamp() - make_interval(secs => $5::float8)
    AND rung_at >= clock_timestamp() - make_interval(secs => $6::float8)
