-- Why: an operator reads kept deliveries again after a mistake of ours was mended. The command runs as
-- the owner, whom forced row-level security shows nobody's rows; which deliveries are kept, and
-- whose, has to be seen first. Each is then read and taken in as its own user. Old code does not
-- look.
SET LOCAL lock_timeout = '2s';

CREATE POLICY operator_lists ON deliveries FOR SELECT TO CURRENT_USER USING (true);
CREATE INDEX deliveries_kept_in_order ON deliveries (received_at, id) WHERE body IS NOT NULL;
DROP INDEX deliveries_kept;
