-- Row-level security hides rows without a word; an operator has to be told.
SELECT NOT row_security_active('reconciliations')
    OR pg_has_role(current_user, 'paceline_fetch', 'USAGE')
