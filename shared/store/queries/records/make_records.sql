-- Guards: that a record is the greatest of the sets that are there, of one exercise with one grip.
-- Races with: whatever else writes sets of the same user.
-- Safe because: the user's lock is held, so no set comes between reading and writing. This is the only
-- statement that writes records. It looks at all sets; where sets were only added, to one workout ($4), it
-- looks at that workout's and at the records of others, which those sets can only surpass. A tie is kept by
-- whoever was first. What stays as it is is not written, and what is made again has the id that it had.
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT ON (kind) kind, value, achieved_at, set_id, workout_id
    FROM (
        SELECT kind, value, achieved_at, set_id, workout_id
        FROM record_candidates
        WHERE user_id = $1::uuid AND exercise_id = $2::uuid AND grip_key = $3::text
            AND ($4::uuid IS NULL OR workout_id = $4::uuid)
        UNION ALL
        SELECT kind, value, achieved_at, set_id, workout_id
        FROM personal_records
        WHERE user_id = $1::uuid AND exercise_id = $2::uuid AND grip_key = $3::text
            AND workout_id <> $4::uuid
    ) AS candidate
    ORDER BY kind, value DESC, achieved_at, set_id
), gone AS (
    DELETE FROM personal_records AS r
    WHERE r.user_id = $1::uuid AND r.exercise_id = $2::uuid AND r.grip_key = $3::text
        AND NOT EXISTS (SELECT FROM wanted WHERE wanted.kind = r.kind)
), repaired AS (
    DELETE FROM record_repairs
    WHERE user_id = $1::uuid AND exercise_id = $2::uuid AND grip_key = $3::text
)
INSERT INTO personal_records AS r (
    id, user_id, exercise_id, kind, grip_key, value, achieved_at, set_id, workout_id
)
SELECT
    md5(concat_ws('/', $1::uuid, $2::uuid, kind, $3::text))::uuid, $1::uuid, $2::uuid, kind, $3::text, value, achieved_at, set_id, workout_id
FROM wanted
ON CONFLICT (user_id, exercise_id, kind, grip_key) DO UPDATE
SET value = excluded.value,
    achieved_at = excluded.achieved_at,
    set_id = excluded.set_id,
    workout_id = excluded.workout_id
WHERE (r.value, r.achieved_at, r.set_id, r.workout_id)
    IS DISTINCT FROM (excluded.value, excluded.achieved_at, excluded.set_id, excluded.workout_id)
