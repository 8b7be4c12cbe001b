-- Names the role and its password for the statement that follows, which cannot take parameters.
SELECT set_config('setup.role', $1::text, true), set_config('setup.password', $2::text, true)
