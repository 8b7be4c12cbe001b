//! What one device changed, by exercise, upon what another one changed meanwhile.

use super::{MOST_EXERCISES, Stored, Wanted};
use crate::id::LogExerciseId;
use serde::Deserialize;
use std::collections::HashSet;

/// An exercise that a device took out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Which row.
    pub id: LogExerciseId,
    /// The revision that the device knew.
    pub revision: i64,
}

/// Why two devices' changes cannot both be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotMerged {
    /// These rows were changed on both.
    Conflicts(Vec<LogExerciseId>),
    /// A changed row has no id, so that sending it twice would make two of it.
    NoId {
        /// Its place among the changes.
        index: usize,
    },
    /// There would be more rows than a log has.
    TooMany,
}

/// All that is wanted once the changes are made to what is stored.
///
/// A changed row must be of the revision that is stored, or say what is stored already. A row that
/// is not there and has no revision is new, and comes last. So what each device did to an exercise of
/// its own stays, in whichever order they come and however often.
///
/// # Errors
/// [`NotMerged`]; then nothing is to be written.
pub fn merge(
    stored: &[Stored],
    changed: &[Wanted],
    removed: &[Removed],
) -> Result<Vec<Wanted>, NotMerged> {
    let mut conflicts = Vec::new();
    let mut wanted: Vec<Wanted> = stored.iter().map(Wanted::as_stored).collect();
    for (index, change) in changed.iter().enumerate() {
        let id = change.id.ok_or(NotMerged::NoId { index })?;
        match wanted.iter_mut().find(|row| row.id == Some(id)) {
            Some(row) if row.work == change.work => {}
            Some(row) if row.revision == change.revision => row.work = change.work.clone(),
            None if change.revision.is_none() => wanted.push(change.clone()),
            // Changed there, or taken out there.
            Some(_) | None => conflicts.push(id),
        }
    }
    let mut gone = HashSet::new();
    for removal in removed {
        match stored.iter().find(|row| row.id == removal.id) {
            Some(row) if row.revision != removal.revision => conflicts.push(row.id),
            Some(row) => {
                gone.insert(row.id);
            }
            // It is gone already.
            None => {}
        }
    }
    if !conflicts.is_empty() {
        return Err(NotMerged::Conflicts(conflicts));
    }
    wanted.retain(|row| row.id.is_none_or(|id| !gone.contains(&id)));
    // A log that has more already can still be changed.
    if wanted.len() > MOST_EXERCISES && wanted.len() > stored.len() {
        return Err(NotMerged::TooMany);
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ExerciseId;
    use crate::log::Work;
    use std::slice::from_ref;
    use uuid::Uuid;

    fn work(reps: u16) -> Work {
        Work {
            exercise_id: ExerciseId(Uuid::nil()),
            sets: 1,
            reps: vec![Some(reps)],
            weights: vec![None],
            completed: vec![true],
            bodyweight: None,
            notes: None,
            added_type: None,
            original_index: None,
        }
    }

    fn id(number: u128) -> LogExerciseId {
        LogExerciseId(Uuid::from_u128(number))
    }

    fn stored(number: u128, revision: i64, reps: u16) -> Stored {
        Stored {
            id: id(number),
            revision,
            work: work(reps),
        }
    }

    fn change(number: u128, revision: Option<i64>, reps: u16) -> Wanted {
        Wanted {
            id: Some(id(number)),
            revision,
            work: work(reps),
        }
    }

    fn removed(number: u128, revision: i64) -> Removed {
        Removed {
            id: id(number),
            revision,
        }
    }

    fn reps(wanted: &[Wanted]) -> Vec<u16> {
        wanted.iter().filter_map(|row| row.work.reps[0]).collect()
    }

    /// L-33
    #[test]
    fn what_each_device_did_to_an_exercise_of_its_own_stays() {
        let before = [stored(1, 1, 1), stored(2, 1, 2), stored(3, 1, 3)];
        let one = merge(&before, &[change(1, Some(1), 10)], &[]).unwrap();
        assert_eq!(reps(&one), [10, 2, 3]);

        // The other device still knows the first exercise as it was.
        let meanwhile = [stored(1, 2, 10), stored(2, 1, 2), stored(3, 1, 3)];
        let changes = [change(2, Some(1), 20), change(4, None, 40)];
        let both = merge(&meanwhile, &changes, &[removed(3, 1)]).unwrap();
        assert_eq!(reps(&both), [10, 20, 40]);
    }

    /// L-33
    #[test]
    fn the_same_exercise_changed_on_both_is_a_conflict_and_names_it() {
        let now = [stored(1, 2, 10), stored(2, 1, 2)];
        for (changes, removals, conflict) in [
            (vec![change(1, Some(1), 11)], vec![], 1),
            (vec![change(1, None, 11)], vec![], 1),
            (
                vec![change(2, Some(1), 3), change(1, Some(1), 11)],
                vec![],
                1,
            ),
            (vec![change(9, Some(1), 11)], vec![], 9),
            (vec![], vec![removed(1, 1)], 1),
        ] {
            let refused = merge(&now, &changes, &removals);
            assert_eq!(
                refused,
                Err(NotMerged::Conflicts(vec![id(conflict)])),
                "{changes:?}"
            );
        }
    }

    /// L-33, L-24
    #[test]
    fn a_change_that_comes_again_changes_nothing() {
        let now = [stored(1, 2, 10), stored(4, 1, 40)];
        let again = merge(
            &now,
            &[change(1, Some(1), 10), change(4, None, 40)],
            &[removed(3, 1)],
        );
        assert_eq!(reps(&again.unwrap()), [10, 40]);
    }

    /// L-33
    #[test]
    fn changes_make_no_log_longer_than_one_save_could() {
        let full: Vec<Stored> = (0..100).map(|number| stored(number, 1, 1)).collect();
        let [one, two] = [200, 201].map(|number| change(number, None, 1));
        assert_eq!(merge(&full, from_ref(&one), &[]), Err(NotMerged::TooMany));
        let swapped = merge(&full, from_ref(&one), &[removed(0, 1)]);
        assert_eq!(swapped.unwrap().len(), 100);

        let longer: Vec<Stored> = (0..102).map(|number| stored(number, 1, 1)).collect();
        let edited = merge(&longer, &[change(1, Some(1), 5)], &[removed(0, 1)]);
        assert_eq!(edited.unwrap().len(), 101, "what is there can be changed");
        let grown = merge(&longer, &[one, two], &[removed(0, 1)]);
        assert_eq!(grown, Err(NotMerged::TooMany));
    }

    /// L-33
    #[test]
    fn a_change_without_an_id_is_refused_because_it_could_not_come_again() {
        let nameless = Wanted {
            id: None,
            ..change(1, None, 1)
        };
        let refused = merge(&[], &[change(2, None, 2), nameless], &[]);
        assert_eq!(refused, Err(NotMerged::NoId { index: 1 }));
    }
}
