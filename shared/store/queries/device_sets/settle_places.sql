-- Guards: that indexes count without a gap: the recording's sets first, then what the athlete added.
-- Races with: nothing; the user's lock is held.
-- Safe because: both sides of an index move together, and places are looked at when the transaction ends.
UPDATE workout_sets AS s
SET set_index = settled.place
FROM (
    SELECT
        id,
        dense_rank() OVER (
            PARTITION BY exercise_id ORDER BY told_by <> $3::text, set_index
        ) AS place
    FROM workout_sets
    WHERE user_id = $1::uuid AND workout_id = $2::uuid
) AS settled
WHERE s.user_id = $1::uuid AND s.id = settled.id AND s.set_index <> settled.place
