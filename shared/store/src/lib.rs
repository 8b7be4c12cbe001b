//! What PostgreSQL knows: all of Paceline's SQL, and nothing but SQL.
//!
//! Every statement is a file in `queries/`, and a test prepares each of them against the migrated
//! schema, so a build needs no database. A transaction is opened for one user ([`Store::begin`])
//! and can see nobody else's rows.

#![forbid(unsafe_code)]

pub mod admins;
pub mod athletes;
pub mod attach;
pub mod audit;
pub mod authorisations;
pub mod backfills;
pub mod budgets;
pub mod coaches;
pub mod communities;
pub mod connections;
pub mod deletions;
pub mod deliveries;
mod device_sets;
pub mod erasures;
mod error;
pub mod exercise_words;
pub mod exercises;
pub mod families;
pub mod fitness;
pub mod identities;
pub mod ingest;
pub mod logs;
pub mod merging;
pub mod plans;
pub mod predecessor;
pub mod programs;
pub mod rate_limits;
pub mod reads;
pub mod reconciliations;
pub mod records;
mod session;
pub mod sets;
pub mod setup;
pub mod stages;
pub mod users;
pub mod workouts;

pub use error::StoreError;
pub use session::{DatabaseSettings, Pooler, Store, Tx};

/// The schema's history, embedded; run it on a direct connection, never through a pooler.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
