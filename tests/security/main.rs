//! Who may not come in, and who may not look.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be prepared fails the test"
)]

mod doors;
mod hostile;
mod people;
mod rows;
mod tenants;
mod tokens;
