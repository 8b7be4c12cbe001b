//! The developer's cloud: what AWS gives the functions, on one machine, read from `template.yaml`.
//!
//! | module | stands for |
//! |---|---|
//! | [`template`] | CloudFormation: reads the template and refuses what it does not understand |
//! | [`queue`] | SQS |
//! | [`runtime_api`] | Lambda: execution environments as child processes |
//! | [`mapping`] | Lambda's event-source mapping |
//! | [`schedule`] | EventBridge's schedule |
//! | [`gateway`] | API Gateway's HTTP API |
//! | [`postgres`] | a private PostgreSQL cluster |
//! | [`cloud`] | all but PostgreSQL, put together |
//!
//! None of these knows what a function does. On top of them, [`instance`] is a Paceline with its database and demo
//! athlete, [`simulate`] plays providers against one, and [`cli`] is what a developer types.

mod athlete;
pub mod cli;
pub mod client;
mod clock;
pub mod cloud;
pub mod connect;
mod demo;
mod functions;
pub mod gateway;
pub mod identity;
mod import_predecessor;
pub mod instance;
pub mod invoke;
pub mod lambda_api;
pub mod log;
pub mod mapping;
pub mod net;
mod operator;
pub mod postgres;
pub mod process;
mod process_files;
pub mod queue;
mod recompute;
mod reconcile;
mod redrive;
mod replay;
pub mod runtime_api;
pub mod schedule;
pub mod simulate;
pub mod template;
