//! Every interleaving of requests, doorbells, workers, sweeps and faults around one stage run.
//!
//! The statements are those of [`crate::ledger`], which take every status from the transition
//! table, and which PostgreSQL is held to by [`crate::statements`] and [`crate::commands`]. The
//! broken variants each lack one mechanism, and must be caught: a model that finds nothing there
//! would prove nothing about the rest.

use crate::ledger::{Guards, Nature, Row, request};
use domain::stage::{Move, StageStatus};
use stateright::{Checker, HasDiscoveries, Model, Path, Property};
use std::collections::BTreeSet;
use std::time::Instant;

/// Fewer than in production, so that runs which use up their attempts are explored too.
const MOST_ATTEMPTS: u8 = 3;
/// A third doorbell for the same run tells nothing that the first two do not.
const MOST_MESSAGES: u8 = 2;
/// Three attempts, each claimed, lost, rescued and rung again, with both workers in the way.
const MOST_STEPS_ALONE: usize = 40;
/// Tokens are only ever compared with the row's, so all that are gone are the same.
const GONE: u8 = 0;
const CURRENT: u8 = 1;
const NEW: u8 = 2;

/// The ledger, or what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Ledger,
    LedgerWithoutLock,
    WithoutToken,
    WithoutSuperseded,
    WithoutSweep,
    /// Document 004: the lock is gone before the work begins.
    LockInItsOwnStatement,
    /// Document 004 with a lock that holds: who finds it busy is done.
    SkipWhenLocked,
}

impl Variant {
    fn guards(self) -> Guards {
        match self {
            Self::Ledger | Self::LedgerWithoutLock | Self::WithoutSweep => Guards::ALL,
            Self::WithoutToken => Guards {
                token: false,
                ..Guards::ALL
            },
            Self::WithoutSuperseded => Guards {
                superseded: false,
                ..Guards::ALL
            },
            Self::LockInItsOwnStatement | Self::SkipWhenLocked => Guards {
                token: false,
                superseded: false,
            },
        }
    }

    fn sweeps(self) -> bool {
        match self {
            Self::Ledger
            | Self::LedgerWithoutLock
            | Self::WithoutToken
            | Self::WithoutSuperseded => true,
            Self::WithoutSweep | Self::LockInItsOwnStatement | Self::SkipWhenLocked => false,
        }
    }

    /// Whether the work transaction holds the run's lock, and a worker that finds it busy retries.
    fn locks(self) -> bool {
        match self {
            Self::Ledger | Self::WithoutToken | Self::WithoutSuperseded | Self::WithoutSweep => {
                true
            }
            Self::LedgerWithoutLock | Self::LockInItsOwnStatement | Self::SkipWhenLocked => false,
        }
    }
}

/// How often each fault may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Faults {
    crashes: u8,
    stalls: u8,
    doubles: u8,
    losses: u8,
    errors: u8,
}

impl Faults {
    const NONE: Self = Self::of_each(0);

    const fn of_each(count: u8) -> Self {
        Self {
            crashes: count,
            stalls: count,
            doubles: count,
            losses: count,
            errors: count,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Worker {
    Idle,
    Claimed {
        token: u8,
        claimed: u8,
    },
    Computing {
        token: u8,
        claimed: u8,
        generation: u8,
    },
}

impl Worker {
    fn token(self) -> Option<u8> {
        match self {
            Self::Idle => None,
            Self::Claimed { token, .. } | Self::Computing { token, .. } => Some(token),
        }
    }

    fn computes(self) -> bool {
        matches!(self, Self::Computing { .. })
    }
}

/// What the last step did that no step may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Slip {
    DoneFell,
    CompleteFailed,
    CompleteReopened,
    NotInTable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    row: Option<Row>,
    /// Updates of the workout that may still come.
    updates: u8,
    /// Doorbells that somebody is about to ring after a commit.
    unrung: u8,
    messages: u8,
    /// In order, because which worker is which makes no difference.
    workers: [Worker; 2],
    left: Faults,
    slip: Option<Slip>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Returns,
    IsGone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Action {
    Ingest,
    Ring,
    CrashBeforeRing,
    Lose,
    Double,
    Claim,
    Load(usize),
    Finish(usize),
    Fail(usize, Nature),
    Crash(usize, Message),
    StallPastDeadline(usize),
    DeadlinePasses,
    SweepRescues,
    SweepRings,
}

impl Action {
    /// Whether it must happen sooner or later: no fault, and no new input.
    fn is_progress(self) -> bool {
        match self {
            Self::Ring
            | Self::Claim
            | Self::Load(_)
            | Self::Finish(_)
            | Self::DeadlinePasses
            | Self::SweepRescues
            | Self::SweepRings => true,
            Self::Ingest
            | Self::CrashBeforeRing
            | Self::Lose
            | Self::Double
            | Self::Fail(..)
            | Self::Crash(..)
            | Self::StallPastDeadline(_) => false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Protocol {
    variant: Variant,
    updates: u8,
    faults: Faults,
}

const CURRENT_RESULT: &str = "complete has the result of the wanted generation";
const NOT_AHEAD: &str = "no result is of a generation that nobody wants";
const HAS_CLAIM: &str = "processing has a claim, and nothing else has";
const MONOTONE: &str = "done never falls";
const STAYS_GOOD: &str = "complete never becomes failed";
const STAYS_DONE: &str = "complete becomes pending only with a new generation";
const IN_TABLE: &str = "every change of the status is in the transition table";
const SETTLES: &str = "what comes to rest is terminal, and current if complete";
const SETTLES_ALONE: &str = "left alone, a run settles before long";
const CLAIMABLE: &str = "a pending run can be claimed";
const BLAMELESS: &str = "nothing fails without a fault";
const MUTEX: &str = "at most one worker is inside the lock";

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            row: None,
            updates: self.updates,
            unrung: 0,
            messages: 0,
            workers: [Worker::Idle; 2],
            left: self.faults,
            slip: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.updates > 0 {
            actions.push(Action::Ingest);
        }
        if state.unrung > 0 {
            actions.push(Action::Ring);
            if state.left.crashes > 0 {
                actions.push(Action::CrashBeforeRing);
            }
        }
        if state.messages > 0 {
            if state.workers.contains(&Worker::Idle) {
                actions.push(Action::Claim);
            }
            if state.left.losses > 0 {
                actions.push(Action::Lose);
            }
            if state.left.doubles > 0 && state.messages < MOST_MESSAGES {
                actions.push(Action::Double);
            }
        }
        for (number, worker) in state.workers.into_iter().enumerate() {
            self.actions_of(state, number, worker, actions);
        }
        let Some(row) = state.row else { return };
        if row.status == StageStatus::Processing {
            let holder_lives = state.workers.iter().any(|w| w.token() == Some(CURRENT));
            if !row.expired && !holder_lives {
                actions.push(Action::DeadlinePasses);
            }
            if row.expired && self.variant.sweeps() {
                actions.push(Action::SweepRescues);
            }
        }
        // A doorbell that is on its way is waited for; one that is lost is not, after a while.
        let nothing_comes = state.messages == 0 && state.unrung == 0;
        let due = !row.rung || nothing_comes;
        if row.status == StageStatus::Pending && due && self.variant.sweeps() {
            actions.push(Action::SweepRings);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        let what = self.apply(&mut state, action);
        state.slip = slip(last.row, what, state.row);
        state.normalise();
        Some(state)
    }

    fn format_action(&self, action: &Action) -> String {
        format!("{action:?}")
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(CURRENT_RESULT, |_, state: &State| {
                state
                    .row
                    .is_none_or(|r| r.status != StageStatus::Complete || r.done == r.wanted)
            }),
            Property::always(NOT_AHEAD, |_, state: &State| {
                state.row.is_none_or(|r| r.done <= r.wanted)
            }),
            Property::always(HAS_CLAIM, |_, state: &State| {
                let claimed = |r: Row| r.token.is_some();
                state
                    .row
                    .is_none_or(|r| (r.status == StageStatus::Processing) == claimed(r))
            }),
            Property::always(MONOTONE, |_, s: &State| s.slip != Some(Slip::DoneFell)),
            Property::always(STAYS_GOOD, |_, s: &State| {
                s.slip != Some(Slip::CompleteFailed)
            }),
            Property::always(STAYS_DONE, |_, s: &State| {
                s.slip != Some(Slip::CompleteReopened)
            }),
            Property::always(IN_TABLE, |_, s: &State| s.slip != Some(Slip::NotInTable)),
            Property::always(SETTLES, |model: &Self, state: &State| {
                let settled = state.row.is_none_or(Row::is_settled);
                settled || !model.is_at_rest(state)
            }),
            Property::always(SETTLES_ALONE, |model: &Self, state: &State| {
                model.settles_alone(*state, <[Action]>::first)
                    && model.settles_alone(*state, <[Action]>::last)
            }),
            Property::always(CLAIMABLE, |_, state: &State| {
                let pending = |r: Row| r.status == StageStatus::Pending;
                state
                    .row
                    .is_none_or(|r| !pending(r) || r.attempt < MOST_ATTEMPTS)
            }),
            Property::always(BLAMELESS, |model: &Self, state: &State| {
                let failed = state.row.is_some_and(|r| r.status == StageStatus::Failed);
                !failed || state.left != model.faults
            }),
            Property::always(MUTEX, |model: &Self, state: &State| {
                model.variant == Variant::LedgerWithoutLock
                    || state.workers.iter().filter(|w| w.computes()).count() <= 1
            }),
        ]
    }
}

impl Protocol {
    fn actions_of(&self, state: &State, number: usize, worker: Worker, to: &mut Vec<Action>) {
        match worker {
            Worker::Idle => return,
            Worker::Claimed { .. } => to.push(Action::Load(number)),
            Worker::Computing { .. } => to.push(Action::Finish(number)),
        }
        if state.left.errors > 0 {
            to.push(Action::Fail(number, Nature::Passing));
            to.push(Action::Fail(number, Nature::Permanent));
        }
        if state.left.crashes > 0 {
            to.push(Action::Crash(number, Message::Returns));
            to.push(Action::Crash(number, Message::IsGone));
        }
        let in_time = state.row.is_some_and(|row| !row.expired);
        if state.left.stalls > 0 && in_time && worker.token() == Some(CURRENT) {
            to.push(Action::StallPastDeadline(number));
        }
    }

    /// Whether nothing is left to happen but faults and new input.
    fn is_at_rest(&self, state: &State) -> bool {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        !actions.into_iter().any(Action::is_progress)
    }

    /// Whether it settles if nothing goes wrong any more, by one order of what is to happen.
    ///
    /// Rest alone would not show it: a run that is rung and refused in turns never rests.
    fn settles_alone(&self, mut state: State, choose: fn(&[Action]) -> Option<&Action>) -> bool {
        let mut actions = Vec::new();
        for _ in 0..MOST_STEPS_ALONE {
            actions.clear();
            self.actions(&state, &mut actions);
            actions.retain(|action| action.is_progress());
            let Some(action) = choose(&actions) else {
                return state.row.is_none_or(Row::is_settled);
            };
            self.apply(&mut state, *action);
            state.normalise();
        }
        false
    }

    /// Takes a step, and answers the move that the row made.
    fn apply(&self, state: &mut State, action: Action) -> Option<Move> {
        match action {
            Action::Ingest => {
                state.updates -= 1;
                let generation = self.updates - state.updates;
                let what = request(&mut state.row, generation);
                state.will_ring();
                what
            }
            Action::Ring => {
                state.unrung -= 1;
                state.send();
                None
            }
            Action::CrashBeforeRing => {
                state.left.crashes -= 1;
                state.unrung -= 1;
                None
            }
            Action::Lose => {
                state.left.losses -= 1;
                state.messages -= 1;
                None
            }
            Action::Double => {
                state.left.doubles -= 1;
                state.send();
                None
            }
            Action::Claim => self.claim(state),
            Action::Load(number) => self.load(state, number),
            Action::Finish(number) => self.finish(state, number),
            Action::Fail(number, nature) => {
                state.left.errors -= 1;
                self.fail(state, number, nature)
            }
            Action::Crash(number, message) => {
                state.left.crashes -= 1;
                state.workers[number] = Worker::Idle;
                if message == Message::Returns {
                    state.send();
                }
                None
            }
            Action::StallPastDeadline(_) => {
                state.left.stalls -= 1;
                state.expire()
            }
            Action::DeadlinePasses => state.expire(),
            Action::SweepRescues => state.row.as_mut()?.rescue(MOST_ATTEMPTS),
            Action::SweepRings => {
                state.row.as_mut()?.rung = true;
                state.send();
                None
            }
        }
    }

    /// A worker takes a message; where it finds nothing to do, the message is gone all the same.
    fn claim(&self, state: &mut State) -> Option<Move> {
        state.messages -= 1;
        let row = state.row.as_mut()?;
        let what = match self.variant {
            Variant::LockInItsOwnStatement => {
                row.take(NEW);
                Move::Claim
            }
            Variant::SkipWhenLocked => {
                if state.workers != [Worker::Idle; 2] {
                    return None;
                }
                row.take(NEW);
                Move::Claim
            }
            Variant::Ledger
            | Variant::LedgerWithoutLock
            | Variant::WithoutToken
            | Variant::WithoutSuperseded
            | Variant::WithoutSweep => row.claim(NEW, MOST_ATTEMPTS)?,
        };
        let claimed = row.wanted;
        let idle = state
            .workers
            .iter_mut()
            .find(|worker| **worker == Worker::Idle)?;
        *idle = Worker::Claimed {
            token: NEW,
            claimed,
        };
        Some(what)
    }

    fn load(&self, state: &mut State, number: usize) -> Option<Move> {
        let Worker::Claimed { token, claimed } = state.workers[number] else {
            return None;
        };
        if self.variant.locks() && state.workers.iter().any(|worker| worker.computes()) {
            return self.fail(state, number, Nature::Passing);
        }
        let generation = state.row?.wanted;
        state.workers[number] = Worker::Computing {
            token,
            claimed,
            generation,
        };
        None
    }

    fn finish(&self, state: &mut State, number: usize) -> Option<Move> {
        let Worker::Computing {
            token, generation, ..
        } = state.workers[number]
        else {
            return None;
        };
        state.workers[number] = Worker::Idle;
        let what = state
            .row
            .as_mut()?
            .finish(self.variant.guards(), token, generation)?;
        if what == Move::FinishSuperseded {
            state.will_ring();
        }
        Some(what)
    }

    fn fail(&self, state: &mut State, number: usize, nature: Nature) -> Option<Move> {
        let (token, claimed) = match state.workers[number] {
            Worker::Idle => return None,
            Worker::Claimed { token, claimed } | Worker::Computing { token, claimed, .. } => {
                (token, claimed)
            }
        };
        state.workers[number] = Worker::Idle;
        // What may pass leaves the message in the queue, fenced or not.
        if nature == Nature::Passing {
            state.send();
        }
        state
            .row
            .as_mut()?
            .fail(self.variant.guards(), token, claimed, nature, MOST_ATTEMPTS)
    }
}

impl State {
    fn send(&mut self) {
        self.messages = MOST_MESSAGES.min(self.messages + 1);
    }

    fn will_ring(&mut self) {
        self.unrung = MOST_MESSAGES.min(self.unrung + 1);
    }

    fn expire(&mut self) -> Option<Move> {
        self.row.as_mut()?.expired = true;
        None
    }

    /// Makes states equal that differ in names only.
    fn normalise(&mut self) {
        let held = self.row.and_then(|row| row.token);
        for worker in &mut self.workers {
            match worker {
                Worker::Idle => {}
                Worker::Claimed { token, .. } | Worker::Computing { token, .. } => {
                    *token = if held == Some(*token) { CURRENT } else { GONE };
                }
            }
        }
        if let Some(row) = &mut self.row {
            row.token = held.map(|_| CURRENT);
        }
        self.workers.sort_unstable();
    }
}

/// Judges a step by the row before and after it.
fn slip(before: Option<Row>, what: Option<Move>, after: Option<Row>) -> Option<Slip> {
    let after = after?;
    let was = before.map(|row| row.status);
    if let Some(before) = before {
        if after.done < before.done {
            return Some(Slip::DoneFell);
        }
        if was == Some(StageStatus::Complete) {
            if after.status == StageStatus::Failed {
                return Some(Slip::CompleteFailed);
            }
            if after.status == StageStatus::Pending && after.wanted == before.wanted {
                return Some(Slip::CompleteReopened);
            }
        }
    }
    let legal = match what {
        Some(what) => what.after(was) == Some(after.status),
        None => was == Some(after.status),
    };
    if legal { None } else { Some(Slip::NotInTable) }
}

/// Explores everything, and answers how many states there are.
fn hold(variant: Variant, updates: u8, faults: Faults) -> usize {
    let begun = Instant::now();
    let model = Protocol {
        variant,
        updates,
        faults,
    };
    let checker = model.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    let depth = checker.max_depth();
    eprintln!(
        "{variant:?}, {updates} updates: {states} states, {depth} deep, {:.1?}",
        begun.elapsed()
    );
    states
}

/// Explores until a property breaks, and answers the shortest story that breaks it.
fn break_property(
    variant: Variant,
    updates: u8,
    faults: Faults,
    property: &'static str,
) -> Path<State, Action> {
    let model = Protocol {
        variant,
        updates,
        faults,
    };
    let mut depth = 0;
    let (states, story) = loop {
        depth += 1;
        let until = HasDiscoveries::AllOf(BTreeSet::from([property]));
        // Deeper step by step, because the checker promises no shortest story.
        let checker = model.checker().finish_when(until).target_max_depth(depth);
        let checker = checker.spawn_bfs().join();
        if let Some(story) = checker.discovery(property) {
            break (checker.unique_state_count(), story);
        }
        assert!(
            checker.max_depth() >= depth,
            "{variant:?} keeps this promise: {property}"
        );
    };
    let actions = story.clone().into_actions();
    eprintln!("{variant:?} breaks {property:?} after {states} states: {actions:?}");
    story
}

fn last_row(story: &Path<State, Action>) -> Row {
    story.last_state().row.expect("something was requested")
}

fn assert_complete_and_stale(story: &Path<State, Action>) {
    let row = last_row(story);
    assert_eq!(row.status, StageStatus::Complete);
    assert!(row.done < row.wanted, "{row:?}");
}

/// I2, I3, I5
#[test]
fn the_ledger_keeps_its_promises_under_every_interleaving_and_two_of_each_fault() {
    let states = hold(Variant::Ledger, 3, Faults::of_each(2));

    assert!(states > 100_000, "only {states} states");
}

/// Locks are for thrift, tokens are for truth.
#[test]
fn the_ledger_keeps_its_promises_without_the_advisory_lock() {
    let states = hold(Variant::LedgerWithoutLock, 2, Faults::of_each(1));

    assert!(states > 10_000, "only {states} states");
}

#[test]
fn without_the_claim_token_a_good_result_is_reported_as_a_failure() {
    let story = break_property(Variant::WithoutToken, 1, Faults::of_each(1), STAYS_GOOD);

    assert_eq!(last_row(&story).status, StageStatus::Failed);
}

#[test]
fn without_the_claim_token_a_finished_run_is_reopened_though_nothing_new_is_wanted() {
    let story = break_property(Variant::WithoutToken, 1, Faults::of_each(1), STAYS_DONE);

    assert_eq!(last_row(&story).status, StageStatus::Pending);
}

#[test]
fn without_the_superseded_check_a_run_ends_complete_and_stale() {
    let story = break_property(Variant::WithoutSuperseded, 2, Faults::NONE, SETTLES);

    assert_complete_and_stale(&story);
}

#[test]
fn without_the_sweep_a_run_waits_for_ever() {
    let story = break_property(Variant::WithoutSweep, 1, Faults::of_each(1), SETTLES);

    assert!(!last_row(&story).status.is_terminal());
}

#[test]
fn a_lock_taken_in_a_statement_of_its_own_lets_two_workers_in() {
    let story = break_property(Variant::LockInItsOwnStatement, 2, Faults::NONE, MUTEX);

    assert!(
        story
            .last_state()
            .workers
            .iter()
            .all(|worker| worker.computes())
    );
}

#[test]
fn a_lock_taken_in_a_statement_of_its_own_ends_complete_and_stale_without_any_fault() {
    let story = break_property(Variant::LockInItsOwnStatement, 2, Faults::NONE, SETTLES);

    assert_complete_and_stale(&story);
}

#[test]
fn skipping_when_the_lock_is_busy_ends_complete_and_stale_without_any_fault() {
    let story = break_property(Variant::SkipWhenLocked, 2, Faults::NONE, SETTLES);

    assert_complete_and_stale(&story);
}
