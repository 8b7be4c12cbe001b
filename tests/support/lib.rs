//! The harness: a real PostgreSQL, a real queue protocol, functions as processes.
//!
//! [`world::World`] is a whole Paceline on a database of its own. Tests drive it through HTTP like
//! any client, and look at the ledger through SQL. Nothing here waits for a time to pass.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what cannot be prepared fails the test"
)]

pub mod binaries;
pub mod chaos;
pub mod database;
pub mod dice;
pub mod fuzz;
pub mod history;
pub mod json_schema;
pub mod oracle;
pub mod pooler;
pub mod provider;
pub mod proxy;
pub mod routes;
pub mod samples;
pub mod secrets;
pub mod timing;
pub mod world;
pub mod yaml;
