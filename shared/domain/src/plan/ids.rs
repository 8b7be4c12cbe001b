//! Ids that stay with their steps.
//!
//! A step without an id gets `step-N`, N counting steps as they are written, so that the same plan
//! sent again has the same ids. A plan that replaces another is first laid beside it: a step that
//! was there keeps its id wherever it moved to in the same order, and one that was edited in its
//! place keeps it too.

use super::{Plan, Step, StepOrRepeat};
use std::collections::BTreeSet;

/// Steps as they are written, repeats not written out.
pub(super) fn written(steps: &[StepOrRepeat]) -> Vec<&Step> {
    let mut all = Vec::new();
    let mut stack: Vec<_> = steps.iter().rev().collect();
    while let Some(next) = stack.pop() {
        match next {
            StepOrRepeat::Step(step) => all.push(step),
            StepOrRepeat::Repeat(group) => stack.extend(group.steps.iter().rev()),
        }
    }
    all
}

fn written_mut<'s>(steps: &'s mut [StepOrRepeat], all: &mut Vec<&'s mut Step>) {
    for step in steps {
        match step {
            StepOrRepeat::Step(step) => all.push(step),
            StepOrRepeat::Repeat(group) => written_mut(&mut group.steps, all),
        }
    }
}

/// The id that a step gets for its place alone, counted from 0.
pub(super) fn of_place(place: usize) -> String {
    format!("step-{}", place + 1)
}

impl Plan {
    /// Gives the id of a step of `before` to every step without one that is the same step.
    ///
    /// Equal steps in the same order are the same, then, between two of them, steps of one kind in
    /// the same order. Ids that were given stay. No id of `before` comes to mean another step.
    pub(super) fn keep_ids(&mut self, before: &[StepOrRepeat]) {
        let before = written(before);
        let mut after = Vec::new();
        written_mut(&mut self.steps, &mut after);
        let given: BTreeSet<String> = after.iter().map(|step| step.id.clone()).collect();
        let free = |step: &Step| !given.contains(&step.id);
        let old: Vec<&Step> = before.iter().copied().filter(|step| free(step)).collect();
        let mut new: Vec<&mut Step> = after
            .into_iter()
            .filter(|step| step.id.is_empty())
            .collect();
        let mut pairs = in_order(&old, &new);
        pairs.push((old.len(), new.len()));
        let (mut from, mut to) = (0, 0);
        for (of_old, of_new) in pairs {
            // What lies between two steps that stayed was edited in its place.
            let mut edited = (from..of_old).filter_map(|index| old.get(index)).peekable();
            for step in new.iter_mut().take(of_new).skip(to) {
                if let Some(one) = edited.next_if(|one| one.kind == step.kind) {
                    step.id.clone_from(&one.id);
                }
            }
            if let (Some(one), Some(step)) = (old.get(of_old), new.get_mut(of_new)) {
                step.id.clone_from(&one.id);
            }
            (from, to) = (of_old + 1, of_new + 1);
        }
        drop(new);
        let known = before.iter().map(|step| step.id.clone()).collect();
        self.name_steps(known);
    }

    /// Gives every step without an id the one of its place, or the next that is not `taken`.
    pub(super) fn name_steps(&mut self, mut taken: BTreeSet<String>) {
        let mut all = Vec::new();
        written_mut(&mut self.steps, &mut all);
        taken.extend(all.iter().map(|step| step.id.clone()));
        let count = all.len();
        let mut next = count;
        for (place, step) in all.into_iter().enumerate() {
            if !step.id.is_empty() {
                continue;
            }
            let mut id = of_place(place);
            while !taken.insert(id.clone()) {
                id = of_place(next);
                next += 1;
            }
            step.id = id;
        }
    }
}

fn same_but_id(one: &Step, other: &Step) -> bool {
    one.kind == other.kind
        && one.duration == other.duration
        && one.target == other.target
        && one.secondary_target == other.secondary_target
        && one.exercise == other.exercise
        && one.equipment == other.equipment
        && one.note == other.note
}

/// The longest common subsequence, as pairs of indices.
fn in_order(old: &[&Step], new: &[&mut Step]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut longest = vec![0_u16; (old.len() + 1) * width];
    let at = |table: &[u16], row: usize, column: usize| {
        table.get(row * width + column).copied().unwrap_or(0)
    };
    for (row, one) in old.iter().enumerate().rev() {
        for (column, other) in new.iter().enumerate().rev() {
            let length = if same_but_id(one, other) {
                at(&longest, row + 1, column + 1).saturating_add(1)
            } else {
                at(&longest, row + 1, column).max(at(&longest, row, column + 1))
            };
            if let Some(cell) = longest.get_mut(row * width + column) {
                *cell = length;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut pairs = Vec::new();
    while let (Some(one), Some(other)) = (old.get(row), new.get(column)) {
        if same_but_id(one, other) {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if at(&longest, row + 1, column) >= at(&longest, row, column + 1) {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::generated::plans;
    use super::super::tests::plan;
    use super::*;
    use proptest::prelude::*;

    fn ids(plan: &Plan) -> Vec<String> {
        written(&plan.steps).iter().map(|s| s.id.clone()).collect()
    }

    fn of(lines: &[(&str, u32)]) -> Plan {
        let steps: Vec<String> = lines
            .iter()
            .map(|(kind, seconds)| {
                format!(r#"{{"kind":"{kind}","duration":{{"type":"time","value":{seconds}}}}}"#)
            })
            .collect();
        plan(&format!("[{}]", steps.join(",")))
    }

    fn edited(before: &Plan, after: &[(&str, u32)]) -> Vec<String> {
        let mut after = of(after);
        after.validate_after(&before.steps).unwrap();
        ids(&after)
    }

    /// P-46
    #[test]
    fn the_same_plan_sent_again_without_ids_has_the_same_ids() {
        let lines = [
            ("warmup", 600),
            ("work", 300),
            ("recovery", 60),
            ("work", 300),
        ];
        let (mut once, mut again) = (of(&lines), of(&lines));
        once.validate().unwrap();
        again.validate_after(&once.steps).unwrap();
        assert_eq!(ids(&once), ["step-1", "step-2", "step-3", "step-4"]);
        assert_eq!(ids(&once), ids(&again));
    }

    /// P-46
    #[test]
    fn a_step_keeps_its_id_through_edits_around_it_and_of_itself() {
        let mut before = of(&[("warmup", 600), ("work", 300), ("cooldown", 300)]);
        before.validate().unwrap();
        let before = before;
        // One more in front: the others move and keep theirs, and the new one takes nobody's.
        let more = [
            ("drill", 60),
            ("warmup", 600),
            ("work", 300),
            ("cooldown", 300),
        ];
        assert_eq!(
            edited(&before, &more),
            ["step-5", "step-1", "step-2", "step-3"]
        );
        // One changed in its place.
        let longer = [("warmup", 600), ("work", 420), ("cooldown", 300)];
        assert_eq!(edited(&before, &longer), ["step-1", "step-2", "step-3"]);
        // One taken out: its id is not given away.
        let fewer = [("warmup", 600), ("cooldown", 300), ("cooldown", 60)];
        assert_eq!(edited(&before, &fewer), ["step-1", "step-3", "step-4"]);
    }

    #[test]
    fn an_id_that_was_given_is_not_given_to_another_step() {
        let mut before = of(&[("work", 300), ("rest", 60)]);
        before.validate().unwrap();
        let mut after = of(&[("work", 300), ("work", 301)]);
        if let Some(StepOrRepeat::Step(step)) = after.steps.last_mut() {
            step.id = "step-1".to_owned();
        }
        after.validate_after(&before.steps).unwrap();
        assert_eq!(ids(&after), ["step-3", "step-1"]);
    }

    proptest! {
        /// P-46
        #[test]
        fn whatever_is_sent_again_without_ids_has_the_ids_it_had(before in plans()) {
            let mut again = before.clone();
            let mut all = Vec::new();
            written_mut(&mut again.steps, &mut all);
            all.into_iter().for_each(|step| step.id.clear());
            again.validate_after(&before.steps).unwrap();
            prop_assert_eq!(again, before);
        }

        /// P-46
        #[test]
        fn whatever_takes_the_place_of_a_plan_has_ids_that_mean_one_step(
            before in plans(),
            after in plans(),
            put_in in plans(),
        ) {
            let mut after = Plan { steps: [after.steps, before.steps.clone(), put_in.steps].concat(), ..after };
            let mut all = Vec::new();
            written_mut(&mut after.steps, &mut all);
            all.into_iter().for_each(|step| step.id.clear());
            if after.validate_after(&before.steps).is_ok() {
                let ids = ids(&after);
                let unique: BTreeSet<_> = ids.iter().collect();
                prop_assert_eq!(unique.len(), ids.len());
                for (step, id) in written(&after.steps).iter().zip(&ids) {
                    let old = written(&before.steps).into_iter().find(|old| old.id == *id);
                    prop_assert!(old.is_none_or(|old| old.kind == step.kind), "{} means another", id);
                }
            }
        }
    }
}
