//! Sets that are always logged, and records that are always of what was really lifted.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what cannot be prepared fails the test"
)]

mod catalogue;
mod faults;
mod interleaving;
mod lifter;
mod logging;
mod records;
mod sessions;
mod suggestions;
