-- Whoever came in with a password or from another issuer has to be let in in another way.
SET LOCAL lock_timeout = '2s';

DROP TABLE refresh_tokens;
DROP TABLE token_families;
DROP TABLE admins;
DROP TABLE external_identities;
DROP TABLE user_credentials;
REVOKE ALL ON users FROM paceline_identity;
REVOKE ALL ON FUNCTION app_user_id() FROM paceline_identity;
REVOKE ALL ON SCHEMA public FROM paceline_identity;
