//! Lambda: runs functions as child processes that speak the Runtime API.
//!
//! One process is one execution environment: it takes one invocation at a time, is started when all others are busy,
//! is used again when idle, and is killed when it overruns its timeout.
//!
//! Differences from AWS: environments are never frozen or retired, memory is not limited, and an invocation that finds
//! every environment busy waits instead of being throttled.

mod environment;
mod server;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{Semaphore, oneshot};

use crate::clock::Clock;
use crate::invoke::{Invocation, Invoke, InvokeError, PAYLOAD_LIMIT};
use crate::log::LogSink;
use crate::net::{self, BindError, Server};
use crate::process::Spawner;
use environment::{Environment, Outcome};

/// How long Lambda lets an environment initialise.
pub const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How a function is started and limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSettings {
    /// Its name.
    pub name: String,
    /// The program of its execution environments.
    pub command: FunctionCommand,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Memory in MiB that the function is told it has.
    pub memory_mb: u32,
    /// Most execution environments at a time; at least one is always allowed.
    pub max_concurrency: usize,
}

/// The program of an execution environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCommand {
    /// Path of the executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its environment, to which the Runtime API adds Lambda's own variables; nothing is inherited.
    pub environment: BTreeMap<String, String>,
}

/// The Runtime API and the execution environments behind it.
#[derive(Debug, Clone)]
pub struct RuntimeApi(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    server: Server,
    functions: BTreeMap<String, Arc<Function>>,
    /// Every living environment by its id, for the server to find.
    environments: Registry,
    context: Context,
}

type Registry = Arc<Mutex<HashMap<String, Arc<Environment>>>>;

/// What every environment is started with.
#[derive(Debug, Clone)]
struct Context {
    spawner: Spawner,
    log: LogSink,
    region: Arc<str>,
    base_url: Arc<str>,
    registry: Registry,
}

#[derive(Debug)]
struct Function {
    settings: FunctionSettings,
    slots: Semaphore,
    idle: Mutex<Vec<Arc<Environment>>>,
}

impl RuntimeApi {
    /// Starts the server; environments start on demand.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(
        functions: Vec<FunctionSettings>,
        region: &str,
        spawner: Spawner,
        log: LogSink,
    ) -> Result<Self, BindError> {
        let (listener, address) = net::bind(0).await?;
        let registry = Registry::default();
        let router = server::router(Arc::clone(&registry), Clock::start());
        let server = net::serve(listener, address, router);
        let context = Context {
            spawner,
            log,
            region: region.into(),
            base_url: server.url().into(),
            registry: Arc::clone(&registry),
        };
        let functions = functions
            .into_iter()
            .map(|settings| {
                let function = Function {
                    slots: Semaphore::new(settings.max_concurrency.max(1)),
                    idle: Mutex::default(),
                    settings,
                };
                (function.settings.name.clone(), Arc::new(function))
            })
            .collect();
        Ok(Self(Arc::new(Shared {
            server,
            functions,
            environments: registry,
            context,
        })))
    }

    /// Returns the server's URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.server.url()
    }

    /// Returns the process ids of a function's living environments, for a test that kills one from outside.
    #[must_use]
    pub fn process_ids(&self, function: &str) -> Vec<u32> {
        lock(&self.0.environments)
            .values()
            .filter(|environment| environment.function() == function)
            .filter_map(|environment| environment.process_id())
            .collect()
    }

    /// Kills every environment of a function, the busy ones too, and returns when they are gone.
    pub async fn kill_environments(&self, function: &str) {
        let doomed: Vec<_> = lock(&self.0.environments)
            .values()
            .filter(|environment| environment.function() == function)
            .cloned()
            .collect();
        for environment in doomed {
            environment.kill().await;
        }
    }

    /// Refuses further invocations and kills every environment.
    pub async fn shutdown(&self) {
        for function in self.0.functions.values() {
            function.slots.close();
        }
        let doomed: Vec<_> = lock(&self.0.environments).values().cloned().collect();
        for environment in doomed {
            environment.kill().await;
        }
    }

    async fn run(&self, name: &str, payload: Bytes) -> Result<Bytes, InvokeError> {
        if payload.len() > PAYLOAD_LIMIT {
            return Err(InvokeError::PayloadTooLarge(payload.len()));
        }
        let Some(function) = self.0.functions.get(name).map(Arc::clone) else {
            return Err(InvokeError::UnknownFunction(name.to_owned()));
        };
        let context = self.0.context.clone();
        let (answer, result) = oneshot::channel();
        // The function runs on when its caller goes away, as in Lambda.
        tokio::spawn(async move {
            // Nobody may be left to hear the answer.
            drop(answer.send(function.run(&context, payload).await));
        });
        result.await.unwrap_or(Err(InvokeError::ShuttingDown))
    }
}

impl Invoke for RuntimeApi {
    fn invoke(&self, function: &str, payload: Bytes) -> Invocation {
        let api = self.clone();
        let function = function.to_owned();
        Box::pin(async move { api.run(&function, payload).await })
    }
}

impl Function {
    async fn run(&self, context: &Context, payload: Bytes) -> Result<Bytes, InvokeError> {
        let _slot = self
            .slots
            .acquire()
            .await
            .map_err(|_| InvokeError::ShuttingDown)?;
        // A shutdown kills what waits for work; that must not start another.
        while !self.slots.is_closed() {
            let idle = lock(&self.idle).pop();
            let environment = match idle {
                Some(environment) => environment,
                None => Environment::start(&self.settings, context).await?,
            };
            match environment
                .invoke(payload.clone(), self.settings.timeout)
                .await
            {
                Outcome::Answered(result) => {
                    lock(&self.idle).push(environment);
                    return result;
                }
                Outcome::Ended(error) => return Err(error),
                // The process died while idle: the invocation never reached it, so another may have it.
                Outcome::NotTaken => {}
            }
        }
        Err(InvokeError::ShuttingDown)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is complete before anything can panic, so a poisoned state is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
