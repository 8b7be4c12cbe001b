-- Everybody of whom something was taken over, where the role sees it.
SELECT DISTINCT user_id FROM predecessor_imports ORDER BY user_id
