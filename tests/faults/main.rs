//! What may go wrong on the way, and how it ends all the same.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be prepared fails the test"
)]

mod attach;
mod chaos;
mod commits;
mod conflicts;
mod crash;
mod database;
mod dead_letters;
mod deletion;
mod doorbells;
mod locks;
mod matrix;
mod order;
mod poison;
mod pooler;
mod recompute;
mod records;
mod restart;
