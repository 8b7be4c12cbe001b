//! Named points at which a test may end this process, as a power cut would, hold it up, or break a
//! computation.
//!
//! Compiled to nothing without the feature `faults`, which only the tests switch on.

use chrono::TimeDelta;
use domain::stage::StageName;

#[cfg(feature = "faults")]
type Gate = Box<dyn Fn(&str)>;

#[cfg(feature = "faults")]
thread_local! {
    static GATE: std::cell::RefCell<Option<Gate>> = const { std::cell::RefCell::new(None) };
}

/// Has every point that this thread comes to ask `gate` first, which answers when it may go on.
#[cfg(feature = "faults")]
pub fn gate_thread(gate: impl Fn(&str) + 'static) {
    GATE.set(Some(Box::new(gate)));
}

/// Dies here by SIGKILL, or waits, when the plan says so.
///
/// The plan is a folder; a file named as the point is a charge, and whoever removes it dies. That
/// makes a charge go off exactly once, whichever of many processes comes first. Whoever removes
/// `<point>.hold` waits until nobody else holds the lock of the file `<point>.gate`.
#[cfg(feature = "faults")]
pub fn point(name: &str) {
    ask_gate(name);
    follow_plan(name);
}

#[cfg(feature = "faults")]
fn ask_gate(name: &str) {
    GATE.with_borrow(|gate| {
        if let Some(gate) = gate {
            gate(name);
        }
    });
}

#[cfg(feature = "faults")]
fn follow_plan(name: &str) {
    if goes_off(&format!("{name}.hold")) {
        tracing::warn!(point = name, "waiting here, as planned");
        if let Some(gate) = planned(&format!("{name}.gate")) {
            // Closing the file gives the lock back; without a gate nobody is to be waited for.
            drop(std::fs::File::open(gate).and_then(|gate| gate.lock()));
        }
    }
    if goes_off(name) {
        tracing::warn!(point = name, "dying here, as planned");
        // No handler, destructor or buffer has a say in it. It cannot fail for oneself; what
        // follows only keeps the promise that nobody passes.
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap_or_default();
        std::process::abort();
    }
}

/// Dies or waits at a point of the stage engine: as planned for every stage, or for this one alone.
#[cfg(feature = "faults")]
pub fn stage_point(stage: StageName, name: &str) {
    point(name);
    follow_plan(&format!("{stage}.{name}"));
}

/// Panics within a stage's computation, once, when there is a charge `<stage>.panic`.
#[cfg(feature = "faults")]
#[expect(clippy::panic, reason = "a panic is what is planned")]
pub fn stage_panic(stage: StageName) {
    if goes_off(&format!("{stage}.panic")) {
        panic!("as planned");
    }
}

/// How far the plan sets this process's clock wrong: the seconds in the file `clock`.
#[cfg(feature = "faults")]
pub(crate) fn clock_error() -> TimeDelta {
    let planned = planned("clock").and_then(|file| std::fs::read_to_string(file).ok());
    let seconds = planned.and_then(|seconds| seconds.parse().ok());
    TimeDelta::seconds(seconds.unwrap_or_default())
}

#[cfg(feature = "faults")]
fn goes_off(charge: &str) -> bool {
    planned(charge).is_some_and(|charge| std::fs::remove_file(charge).is_ok())
}

#[cfg(feature = "faults")]
fn planned(name: &str) -> Option<std::path::PathBuf> {
    let folder = crate::config::fault_plan()?;
    Some(std::path::Path::new(&folder).join(name))
}

/// Does nothing: faults are for tests.
#[cfg(not(feature = "faults"))]
#[inline]
pub fn point(_name: &str) {}

/// Does nothing: faults are for tests.
#[cfg(not(feature = "faults"))]
#[inline]
pub fn stage_point(_stage: StageName, _name: &str) {}

/// Does nothing: faults are for tests.
#[cfg(not(feature = "faults"))]
#[inline]
pub fn stage_panic(_stage: StageName) {}

/// No error: faults are for tests.
#[cfg(not(feature = "faults"))]
#[inline]
pub(crate) fn clock_error() -> TimeDelta {
    TimeDelta::zero()
}
