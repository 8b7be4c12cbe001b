SELECT EXISTS (
    SELECT FROM provider_pauses
    WHERE provider = $1::text AND until > clock_timestamp()
)
