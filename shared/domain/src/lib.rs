//! What things are, in pure Rust: no I/O, no clock, no randomness.
//!
//! A provider's file becomes a [`recording::Recording`] ([`decode::decode_file`]); a
//! [`plan::PlannedWorkout`] says what was asked for; [`stage`] names what is computed from both and
//! how a computation's status may move.

#![forbid(unsafe_code)]

pub mod athlete;
pub mod decode;
pub mod execution;
pub mod id;
pub mod local_date;
pub mod matching;
pub mod merging;
pub mod plan;
pub mod purpose;
pub mod reason;
pub mod recording;
pub mod signal;
pub mod sport;
pub mod stage;
pub mod units;
