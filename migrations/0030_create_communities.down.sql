-- Communities go, and with them who was in which.
SET LOCAL lock_timeout = '2s';

DROP POLICY not_ones_own_role ON admins;
DROP POLICY not_to_oneself ON admins;
DROP POLICY every_entry ON audit_log;
DROP POLICY every_admin ON admins;
DROP POLICY of_named_person ON admins;
DROP POLICY of_named_person ON token_families;
DROP POLICY named_person ON users;
DROP POLICY of_named_community ON users;
DROP POLICY of_members_and_admins ON communities;
DROP TABLE memberships;
DROP TABLE communities;
REVOKE ALL ON users, admins, token_families, audit_log, external_identities FROM paceline_community;
REVOKE ALL ON FUNCTION app_user_id() FROM paceline_community;
REVOKE ALL ON SCHEMA public FROM paceline_community;
