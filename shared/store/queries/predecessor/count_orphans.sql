SELECT kind, orphans FROM predecessor_orphans($1::text)
