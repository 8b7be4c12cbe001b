//! How Paceline runs: AWS, HTTP, authentication, configuration, telemetry and the stage engine.
//!
//! A function's `run()` builds an [`app::App`] from its environment and hands its handler to
//! [`http::serve`] or its stage to [`batch::serve_stage`]; nothing else knows of Lambda.

#![forbid(unsafe_code)]

pub mod app;
pub mod auth;
pub mod batch;
pub mod clock;
pub mod config;
pub mod cursor;
pub mod doorbell;
pub mod faults;
pub mod http;
pub mod intake;
pub mod lifting;
pub mod problem;
pub mod providers;
pub mod rates;
pub mod seal;
pub mod secret;
pub mod signature;
pub mod stage;
pub mod telemetry;

/// What a function's `run()` may end with.
pub type Error = lambda_runtime::Error;
