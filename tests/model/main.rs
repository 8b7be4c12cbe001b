//! The stage ledger: its chart, its protocol explored, and PostgreSQL held to both.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a helper cannot read fails its test"
)]

mod chart;
mod commands;
mod interleaving;
mod ledger;
mod postgres;
mod protocol;
mod statements;
