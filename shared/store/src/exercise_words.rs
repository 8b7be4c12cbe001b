//! Which exercise a word names that a watch, an app or a predecessor uses.
//!
//! A word that nothing is called by becomes an exercise of the athlete's own, so that no set is lost for
//! want of a name.

use crate::{StoreError, Tx};
use domain::id::{ExerciseId, UserId};
use sqlx::FromRow;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The most characters of an exercise's name.
const LONGEST_NAME: usize = 120;
/// What is lifted where nobody says what; it is in the catalogue by this name.
const UNNAMED: &str = "Strength exercise";

/// What a word names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The exercise.
    pub exercise_id: ExerciseId,
    /// Whether it was made for the word.
    pub is_made: bool,
}

/// A word as it may be a name: trimmed, bounded, and with a letter or a digit.
pub fn as_name(word: Option<&str>) -> String {
    let spaced = |letter: char| if letter.is_control() { ' ' } else { letter };
    let name: String = word.unwrap_or_default().chars().map(spaced).collect();
    let name: String = name.trim().chars().take(LONGEST_NAME).collect();
    if name.chars().any(char::is_alphanumeric) {
        name.trim_end().to_owned()
    } else {
        UNNAMED.to_owned()
    }
}

#[derive(Debug, FromRow)]
struct KnownRow {
    word: String,
    id: Uuid,
}

/// Finds what each of these [names](as_name) names, and makes an exercise of the athlete's own of each
/// that names nothing. Each has an answer. The caller holds the user's lock.
///
/// # Errors
/// [`StoreError`] when the database is away.
pub async fn name_exercises(
    tx: &mut Tx,
    user: UserId,
    names: &[String],
) -> Result<BTreeMap<String, Named>, StoreError> {
    let mut named = list_known(tx, user, names, false).await?;
    let unknown: Vec<String> = names
        .iter()
        .filter(|name| !named.contains_key(*name))
        .cloned()
        .collect();
    if unknown.is_empty() {
        return Ok(named);
    }
    let query = tx
        .query(include_str!("../queries/exercise_words/insert_own.sql"))
        .bind(user.0)
        .bind(unknown.clone());
    tx.execute(query).await?;
    named.extend(list_known(tx, user, &unknown, true).await?);
    if unknown.iter().any(|name| !named.contains_key(name)) {
        // In letters that the database does not know as such.
        let unnamed = [UNNAMED.to_owned()];
        let any = list_known(tx, user, &unnamed, false).await?;
        if let Some(any) = any.get(UNNAMED) {
            for name in unknown {
                named.entry(name).or_insert(*any);
            }
        }
    }
    Ok(named)
}

async fn list_known(
    tx: &mut Tx,
    user: UserId,
    names: &[String],
    is_made: bool,
) -> Result<BTreeMap<String, Named>, StoreError> {
    let query = tx
        .query_as::<KnownRow>(include_str!("../queries/exercise_words/list_known.sql"))
        .bind(user.0)
        .bind(names.to_vec());
    let rows = tx.fetch_all(query).await?;
    let named = |row: KnownRow| {
        let named = Named {
            exercise_id: ExerciseId(row.id),
            is_made,
        };
        (row.word, named)
    };
    Ok(rows.into_iter().map(named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_name_and_what_is_none_is_a_strength_exercise() {
        assert_eq!(as_name(Some(" bench_press ")), "bench_press");
        assert_eq!(as_name(Some("a\u{0}b\nc")), "a b c");
        for nothing in [None, Some(""), Some(" - "), Some("\u{7}"), Some("💪")] {
            assert_eq!(as_name(nothing), UNNAMED);
        }
        let long = "x".repeat(119) + " yz";
        assert_eq!(as_name(Some(&long)), "x".repeat(119));
    }
}
