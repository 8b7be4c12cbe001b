-- Guards: everything that changes a user's workouts, plans and links.
-- Races with: deliveries, plan edits and profile edits of the same user.
-- Safe because: each takes this lock first, so they run one after another and cannot deadlock;
-- it is the transaction's, so a crash frees it. A hash collision only delays another user.
SELECT pg_advisory_xact_lock(hashtextextended('user:' || $1::uuid::text, 0))
