//! FIT workout files: what watches and bike computers take and give.
//!
//! Source: Garmin's FIT profile, messages `workout` (26) and `workout_step` (27). A repeat is a step
//! of its own that follows what it repeats. `docs/plans.md` holds the mapping.

mod read;
mod target;
mod write;

pub use read::{NotRead, Workout, read};
pub use write::{NotInFit, write};

/// The media type of FIT files.
pub const MEDIA_TYPE: &str = "application/vnd.ant.fit";

/// What a custom bound of power above this is: watts, with this added; else per cent of FTP.
const POWER_OFFSET: u32 = 1000;
/// What a custom bound of heart rate above this is: beats, with this added; else per cent of the
/// maximum.
const HR_OFFSET: u32 = 100;
/// Milliseconds of a second, millimetres of a metre.
const MILLI: f64 = 1000.0;
/// Centimetres of a metre.
const CENTI: f64 = 100.0;

/// Whether the bytes begin like a FIT file.
pub fn is_fit(bytes: &[u8]) -> bool {
    crate::decode::fit::is_fit(bytes)
}

#[cfg(test)]
mod tests;
