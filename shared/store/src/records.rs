//! Personal records: derived of sets, and made anew whenever one of their sets changes.
//!
//! [`keep`] is the one writer. Its caller holds the user's lock and has written the sets in the same
//! transaction, so a record and its set are true together.

use crate::{StoreError, Tx};
use domain::id::{ExerciseId, UserId};
use sqlx::FromRow;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Which records: those of one exercise with one grip.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    /// The exercise.
    pub exercise_id: ExerciseId,
    /// The grips of the set as the database writes them; empty for none.
    pub grip_key: String,
}

/// A key as statements answer it.
#[derive(Debug, FromRow)]
pub(crate) struct KeyRow {
    exercise_id: Uuid,
    grip_key: String,
}

/// Each key once.
pub(crate) fn keys(rows: Vec<KeyRow>) -> BTreeSet<RecordKey> {
    let key = |row: KeyRow| RecordKey {
        exercise_id: ExerciseId(row.exercise_id),
        grip_key: row.grip_key,
    };
    rows.into_iter().map(key).collect()
}

/// What became of records whose sets changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "whoever logged a set is told when its records come later"]
pub struct Kept {
    /// Whether some could not be made, and will be.
    pub is_pending: bool,
}

/// Makes the records of these keys anew, of all sets that are there now.
///
/// What cannot be made is undone, logged and noted to be made later: records are derived, and never
/// cost the sets that they are of.
///
/// # Errors
/// [`StoreError`] when the database is away; then nothing of the transaction is true.
pub async fn keep(
    tx: &mut Tx,
    user: UserId,
    keys: &BTreeSet<RecordKey>,
) -> Result<Kept, StoreError> {
    let mut kept = Kept::default();
    if keys.is_empty() {
        return Ok(kept);
    }
    tx.save().await?;
    for key in keys {
        if let Err(error) = make(tx, user, key).await {
            tx.undo().await?;
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(
                code = "records_failed",
                exercise.id = %key.exercise_id,
                %error,
                cause,
                "records could not be made, and will be"
            );
            for key in keys {
                note_repair(tx, user, key, &error).await?;
            }
            kept.is_pending = true;
            break;
        }
    }
    Ok(kept)
}

async fn make(tx: &mut Tx, user: UserId, key: &RecordKey) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/records/make_records.sql"))
        .bind(user.0)
        .bind(key.exercise_id.0)
        .bind(key.grip_key.clone());
    tx.execute(query).await?;
    Ok(())
}

async fn note_repair(
    tx: &mut Tx,
    user: UserId,
    key: &RecordKey,
    error: &StoreError,
) -> Result<(), StoreError> {
    let query = tx
        .query(include_str!("../queries/records/note_repair.sql"))
        .bind(user.0)
        .bind(key.exercise_id.0)
        .bind(key.grip_key.clone())
        .bind(error.to_string());
    tx.execute(query).await?;
    Ok(())
}
