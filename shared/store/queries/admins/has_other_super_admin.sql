SELECT EXISTS (SELECT FROM admins WHERE role = 'super_admin' AND user_id <> $1::uuid)
