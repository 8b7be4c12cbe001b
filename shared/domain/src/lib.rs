//! What things are, in pure Rust: no I/O, no clock, no randomness.
//!
//! A provider's file becomes a [`recording::Recording`] ([`decode::decode_file`]); a
//! [`plan::PlannedWorkout`] says what was asked for; [`stage`] names what is computed from both and
//! how a computation's status may move.

#![forbid(unsafe_code)]

pub mod athlete;
pub mod bests;
pub mod decode;
pub mod estimate;
pub mod execution;
pub mod exercise;
mod exercises;
pub mod fit;
pub mod fitness;
pub mod id;
pub mod identity;
pub mod load;
pub mod local_date;
pub mod log;
pub mod matching;
pub mod merging;
pub mod plan;
pub mod planned_load;
pub mod purpose;
pub mod reason;
pub mod record;
pub mod recording;
pub mod roles;
pub mod set;
pub mod signal;
pub mod sport;
pub mod stage;
pub mod suggestion;
pub mod units;
pub mod zones;
