-- Guards: a failed or stuck run is wanted again, at the generation that it failed for.
-- Races with: a newer request, a claim, a rescue, another redrive.
-- Safe because: one guarded UPDATE decides again what list_redrivable.sql saw. A newer request has
-- raised wanted and revived the run already; a live claim is left to its holder, and the holder of
-- an expired one is fenced by the token that is gone. Without rung_at the next sweep rings, so that
-- nothing here has to reach SQS.
-- Test: tests/faults/dead_letters.rs
UPDATE stage_runs
SET status = 'pending',
    attempt = 0,
    postponed = 0,
    not_before = NULL,
    error = NULL,
    claim_token = NULL,
    claim_expires_at = NULL,
    rung_at = NULL,
    updated_at = clock_timestamp()
WHERE workout_id = $1::uuid
    AND stage = $2::text
    AND user_id = $3::uuid
    AND wanted = $4::bigint
    AND (
        status = 'failed'
        OR (
            greatest(updated_at, not_before)
                < clock_timestamp() - make_interval(secs => $5::float8)
            AND (
                status = 'pending'
                OR (status = 'processing' AND claim_expires_at < clock_timestamp())
            )
        )
    )
