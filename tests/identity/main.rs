//! Who somebody is, how they come in, and what they may do.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what cannot be prepared fails the test"
)]

mod audit;
mod issuers;
mod limits;
mod login;
mod people;
mod refresh;
mod roles;
mod signup;
