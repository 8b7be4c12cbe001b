-- When all of a provider's limits let a request through again.
SELECT greatest(
    (SELECT until FROM provider_pauses WHERE provider = $1::text),
    (
        SELECT max(resets_at)
        FROM provider_windows
        WHERE provider = $1::text AND resets_at > clock_timestamp()
            AND used >= most - CASE WHEN $2::boolean THEN 0 ELSE most / 5 END
    ),
    clock_timestamp() + interval '1 second'
)
