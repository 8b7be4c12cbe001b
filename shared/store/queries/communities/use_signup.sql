-- Guards: a token brings no more people than it may, and nobody after its end.
-- Races with: everybody else who has it, and with the next token.
-- Safe because: one guarded UPDATE counts; whoever finds no row rolls back.
UPDATE communities
SET signup_uses_left = signup_uses_left - 1
WHERE signup_token_sha256 = $1::bytea
    AND signup_uses_left > 0
    AND signup_expires_at > clock_timestamp()
