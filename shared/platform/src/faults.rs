//! Named points at which a test may end this process, as a power cut would, freeze it, as Lambda does with a
//! sandbox, or break a computation.
//!
//! Compiled to nothing without the feature `faults`, which only the tests switch on.

use domain::stage::StageName;

/// Dies here by SIGKILL when the plan says so, or stands still until somebody sends SIGCONT.
///
/// The plan is a folder; a file named as the point is a charge, and whoever removes it dies. That
/// makes a charge go off exactly once, whichever of many processes comes first. Whoever removes a
/// file `<point>.hold` stands still.
#[cfg(feature = "faults")]
pub fn point(name: &str) {
    if goes_off(&format!("{name}.hold")) {
        tracing::warn!(point = name, "standing still here, as planned");
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::STOP).unwrap_or_default();
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

/// Dies or stands still at a point of the stage engine: by a charge for every stage, or for this one alone.
#[cfg(feature = "faults")]
pub fn stage_point(stage: StageName, name: &str) {
    point(name);
    point(&format!("{stage}.{name}"));
}

/// Panics within a stage's computation, once, when there is a charge `<stage>.panic`.
#[cfg(feature = "faults")]
#[expect(clippy::panic, reason = "a panic is what is planned")]
pub fn stage_panic(stage: StageName) {
    if goes_off(&format!("{stage}.panic")) {
        panic!("as planned");
    }
}

#[cfg(feature = "faults")]
fn goes_off(charge: &str) -> bool {
    crate::config::fault_plan().is_some_and(|folder| {
        std::fs::remove_file(std::path::Path::new(&folder).join(charge)).is_ok()
    })
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
