SELECT id FROM predecessor_users($1::text) AS id
