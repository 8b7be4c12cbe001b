-- Places overlap while they move; they are looked at when the transaction ends.
SET CONSTRAINTS workout_sets_place_key DEFERRED
