//! What has to be written so that what is stored becomes what is wanted, and no row more.

use super::{Stored, Wanted, Work};
use crate::id::LogExerciseId;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// A row that is written with all that it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its id.
    pub id: LogExerciseId,
    /// Its place, from 0.
    pub order_index: usize,
    /// What it says.
    #[serde(flatten)]
    pub work: Work,
}

/// A row of which only the place is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Its id.
    pub id: LogExerciseId,
    /// Its new place, from 0.
    pub order_index: usize,
}

/// The rows to write; each row is in one of the lists at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// Rows that go.
    pub deleted: Vec<LogExerciseId>,
    /// Rows whose content changes, and with it maybe their place.
    pub updated: Vec<Row>,
    /// Rows of which only the place changes.
    pub moved: Vec<Moved>,
    /// Rows that come.
    pub inserted: Vec<Row>,
}

impl Diff {
    /// Whether nothing has to be written.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// How many rows are written.
    pub fn rows(&self) -> usize {
        self.deleted.len() + self.updated.len() + self.moved.len() + self.inserted.len()
    }
}

/// Compares what is stored with what is wanted; both are in the order of their places.
///
/// A wanted row with an id is that row, or a new one of that id. One without is a row of the same
/// exercise that nobody else is: one that says the same before one that does not, then the nearest.
/// So a row keeps its id when it moves. The ids of the wanted rows must differ.
pub fn diff(
    stored: &[Stored],
    wanted: &[Wanted],
    mut new_id: impl FnMut() -> LogExerciseId,
) -> Diff {
    let places: HashMap<LogExerciseId, usize> =
        (0..).zip(stored).map(|(at, s)| (s.id, at)).collect();
    // By the place of the wanted row, that of the stored row that it is.
    let mut same: HashMap<usize, usize> = (0..)
        .zip(wanted)
        .filter_map(|(at, wanted)| Some((at, *places.get(&wanted.id?)?)))
        .collect();
    let mut taken: HashSet<usize> = same.values().copied().collect();
    for (.., was, at) in alike(stored, wanted, &taken) {
        if !taken.contains(&was) && !same.contains_key(&at) {
            taken.insert(was);
            same.insert(at, was);
        }
    }

    let gone = (0..).zip(stored).filter(|(at, _)| !taken.contains(at));
    let mut diff = Diff {
        deleted: gone.map(|(_, stored)| stored.id).collect(),
        ..Diff::default()
    };
    for (at, wanted) in (0..).zip(wanted) {
        let was = same
            .get(&at)
            .and_then(|was| Some((*was, stored.get(*was)?)));
        match was {
            None => diff.inserted.push(Row {
                id: wanted.id.unwrap_or_else(&mut new_id),
                order_index: at,
                work: wanted.work.clone(),
            }),
            Some((_, stored)) if stored.work != wanted.work => diff.updated.push(Row {
                id: stored.id,
                order_index: at,
                work: wanted.work.clone(),
            }),
            Some((was, stored)) if was != at => diff.moved.push(Moved {
                id: stored.id,
                order_index: at,
            }),
            Some(_) => {}
        }
    }
    diff
}

/// Every stored row that a wanted row without an id may be, the likeliest first.
fn alike(
    stored: &[Stored],
    wanted: &[Wanted],
    taken: &HashSet<usize>,
) -> Vec<(bool, usize, usize, usize)> {
    let mut alike = Vec::new();
    let nameless = wanted.iter().enumerate();
    for (at, wanted) in nameless.filter(|(_, wanted)| wanted.id.is_none()) {
        let free = stored.iter().enumerate();
        for (was, stored) in free.filter(|(was, _)| !taken.contains(was)) {
            if stored.work.exercise_id == wanted.work.exercise_id {
                let differs = stored.work != wanted.work;
                alike.push((differs, at.abs_diff(was), was, at));
            }
        }
    }
    alike.sort_unstable();
    alike
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ExerciseId;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn work(exercise: u8, reps: u16) -> Work {
        Work {
            exercise_id: ExerciseId(Uuid::from_u128(u128::from(exercise))),
            sets: 1,
            reps: vec![Some(reps)],
            weights: vec![None],
            completed: vec![false],
            bodyweight: None,
            notes: None,
            added_type: None,
            original_index: None,
        }
    }

    fn id(number: u8) -> LogExerciseId {
        LogExerciseId(Uuid::from_u128(u128::from(number)))
    }

    fn stored(number: u8, exercise: u8, reps: u16) -> Stored {
        Stored {
            id: id(number),
            revision: 1,
            work: work(exercise, reps),
        }
    }

    fn wanted(number: Option<u8>, exercise: u8, reps: u16) -> Wanted {
        Wanted {
            id: number.map(id),
            revision: None,
            work: work(exercise, reps),
        }
    }

    /// Ids that no test gives: 200, 201, …
    fn new_ids() -> impl FnMut() -> LogExerciseId {
        let mut next = 199;
        move || {
            next += 1;
            id(next)
        }
    }

    fn of(stored: &[Stored], wanted: &[Wanted]) -> Diff {
        diff(stored, wanted, new_ids())
    }

    /// What the ledger holds after the rows were written, by place, as the statements write them.
    fn apply(before: &[Stored], diff: &Diff) -> Vec<(usize, LogExerciseId, Work)> {
        let rows = before.iter().enumerate();
        let mut rows: HashMap<LogExerciseId, (usize, Work)> = rows
            .map(|(at, stored)| (stored.id, (at, stored.work.clone())))
            .collect();
        for gone in &diff.deleted {
            assert!(rows.remove(gone).is_some(), "it deletes what is not there");
        }
        for row in &diff.updated {
            let known = rows.get_mut(&row.id).expect("it updates what is not there");
            *known = (row.order_index, row.work.clone());
        }
        for moved in &diff.moved {
            let known = rows.get_mut(&moved.id).expect("it moves what is not there");
            known.0 = moved.order_index;
        }
        for row in &diff.inserted {
            let known = rows.insert(row.id, (row.order_index, row.work.clone()));
            assert!(known.is_none(), "it inserts what is there");
        }
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|(id, (at, work))| (at, id, work))
            .collect();
        rows.sort_by_key(|(at, ..)| *at);
        rows
    }

    /// L-11, L-12
    #[test]
    fn the_same_again_writes_nothing_and_one_change_writes_one_row() {
        let before = [stored(1, 1, 5), stored(2, 2, 5), stored(3, 3, 5)];
        for known in [true, false] {
            let with = |number: u8| known.then_some(number);
            let mut after = vec![
                wanted(with(1), 1, 5),
                wanted(with(2), 2, 5),
                wanted(with(3), 3, 5),
            ];
            assert!(of(&before, &after).is_empty());

            after[1].work = work(2, 6);
            let diff = of(&before, &after);
            assert_eq!(diff.rows(), 1);
            assert_eq!(diff.updated[0].id, id(2));
        }
    }

    /// L-13
    #[test]
    fn adding_and_removing_touch_only_their_own_rows() {
        let before = [stored(1, 1, 5), stored(2, 2, 5)];

        let added = of(
            &before,
            &[wanted(None, 1, 5), wanted(None, 2, 5), wanted(None, 3, 5)],
        );
        assert_eq!((added.rows(), added.inserted[0].order_index), (1, 2));
        let removed = of(&before, &[wanted(None, 1, 5)]);
        assert_eq!((removed.rows(), removed.deleted.clone()), (1, vec![id(2)]));
        let both = of(&before, &[wanted(None, 1, 5), wanted(Some(9), 3, 5)]);
        assert_eq!((both.rows(), both.deleted.clone()), (2, vec![id(2)]));
        assert_eq!(both.inserted[0].id, id(9), "the client's id is kept");
    }

    /// L-14: the predecessor deleted and inserted what had only moved.
    #[test]
    fn a_move_keeps_the_row_with_and_without_ids() {
        let before = [stored(1, 1, 5), stored(2, 2, 5), stored(3, 3, 5)];
        for known in [true, false] {
            let with = |number: u8| known.then_some(number);
            let after = [
                wanted(with(3), 3, 5),
                wanted(with(1), 1, 5),
                wanted(with(2), 2, 5),
            ];
            let diff = of(&before, &after);
            assert_eq!((diff.rows(), diff.moved.len()), (3, 3));
            let order: Vec<_> = apply(&before, &diff).into_iter().map(|row| row.1).collect();
            assert_eq!(order, [id(3), id(1), id(2)]);
        }
    }

    /// L-15
    #[test]
    fn of_the_same_exercise_twice_each_row_stays_who_it_is() {
        let before = [stored(1, 1, 5), stored(2, 1, 8)];

        let first_gone = of(&before, &[wanted(None, 1, 8)]);
        assert_eq!(first_gone.deleted, [id(1)]);
        assert_eq!(first_gone.moved.len(), 1);
        let last_changed = of(&before, &[wanted(None, 1, 5), wanted(None, 1, 9)]);
        assert_eq!(last_changed.rows(), 1);
        assert_eq!(last_changed.updated[0].id, id(2));
        let a_third = of(
            &before,
            &[wanted(None, 1, 5), wanted(None, 1, 8), wanted(None, 1, 8)],
        );
        assert_eq!((a_third.rows(), a_third.inserted.len()), (1, 1));
    }

    /// Which rows without an id could be which stored rows: every way, and the rows that it writes.
    fn fewest(before: &[Stored], after: &[Wanted]) -> usize {
        fn assign(before: &[Stored], after: &[Wanted], at: usize, taken: &mut Vec<bool>) -> usize {
            let Some(wanted) = after.get(at) else {
                return taken.iter().filter(|taken| !**taken).count();
            };
            let mut best = usize::MAX;
            for (was, stored) in before.iter().enumerate() {
                let is_candidate = match wanted.id {
                    Some(id) => stored.id == id,
                    None => {
                        stored.work.exercise_id == wanted.work.exercise_id
                            && !after.iter().any(|other| other.id == Some(stored.id))
                    }
                };
                if is_candidate && !taken[was] {
                    let written = usize::from(stored.work != wanted.work || was != at);
                    taken[was] = true;
                    best = best.min(written + assign(before, after, at + 1, taken));
                    taken[was] = false;
                }
            }
            let is_known = before.iter().any(|stored| wanted.id == Some(stored.id));
            if !is_known {
                best = best.min(1 + assign(before, after, at + 1, taken));
            }
            best
        }
        assign(before, after, 0, &mut vec![false; before.len()])
    }

    fn lists() -> impl Strategy<Value = (Vec<Stored>, Vec<Wanted>)> {
        let row = || (1_u8..=3, 0_u16..=2);
        let before = proptest::collection::vec(row(), 0..=6);
        let after = proptest::collection::vec((proptest::option::of(1_u8..=8), row()), 0..=6);
        (before, after).prop_map(|(before, after)| {
            let before = (1..).zip(before);
            let before = before.map(|(number, (exercise, reps))| stored(number, exercise, reps));
            let mut seen = HashSet::new();
            let after = after.into_iter().map(|(number, (exercise, reps))| {
                let number = number.filter(|number| seen.insert(*number));
                wanted(number, exercise, reps)
            });
            (before.collect(), after.collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// L-17, L-12, L-13, L-14: applied to what is stored it gives what is wanted, each row once,
        /// in dense places; and no way of telling which row is which writes fewer rows.
        #[test]
        fn a_difference_gives_what_is_wanted_and_no_other_writes_fewer_rows(
            (before, after) in lists()
        ) {
            let diff = of(&before, &after);
            let result = apply(&before, &diff);

            let places: Vec<usize> = result.iter().map(|row| row.0).collect();
            prop_assert_eq!(places, (0..after.len()).collect::<Vec<_>>());
            let contents: Vec<&Work> = result.iter().map(|row| &row.2).collect();
            prop_assert_eq!(contents, after.iter().map(|wanted| &wanted.work).collect::<Vec<_>>());
            for ((_, id, _), wanted) in result.iter().zip(&after) {
                prop_assert!(wanted.id.is_none_or(|wanted| wanted == *id));
            }
            prop_assert_eq!(diff.rows(), fewest(&before, &after));
        }

        /// L-11
        #[test]
        fn what_is_stored_is_no_difference_to_itself((before, _) in lists()) {
            let again: Vec<Wanted> = before.iter().map(Wanted::as_stored).collect();
            prop_assert!(of(&before, &again).is_empty());
        }
    }
}
