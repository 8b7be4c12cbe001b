-- Guards: that a super admin is left, and that whoever is let in no more has no role.
-- Races with: every other change of who is an administrator.
-- Safe because: each takes this lock first, so they run one after another; it is the transaction's.
SELECT pg_advisory_xact_lock(hashtextextended('admins', 0))
