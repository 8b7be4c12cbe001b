//! One execution environment: a child process and the invocation that it works on.

use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::{Context, FunctionSettings, INIT_LIMIT, lock};
use crate::invoke::InvokeError;
use crate::queue::ACCOUNT;

/// An invocation on its way to a process.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline: Instant,
}

/// What became of one attempt to invoke an environment.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The function answered; the environment may be used again.
    Answered(Result<Bytes, InvokeError>),
    /// The environment is gone, and the invocation with it.
    Ended(InvokeError),
    /// The environment is gone and never saw the invocation.
    NotTaken,
}

/// How far an environment has come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Life {
    Initialising,
    Ready,
    Ended(String),
}

/// An execution environment.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) id: String,
    pub(super) arn: String,
    function: String,
    process_id: OnceLock<u32>,
    life: watch::Sender<Life>,
    kill: Notify,
    init_error: Mutex<Option<String>>,
    offer: mpsc::Sender<Work>,
    work: tokio::sync::Mutex<mpsc::Receiver<Work>>,
    running: Mutex<Option<Running>>,
}

/// The invocation that a process has taken, or will take next.
#[derive(Debug)]
struct Running {
    request_id: String,
    is_taken: bool,
    answer: oneshot::Sender<Result<Bytes, InvokeError>>,
}

impl Environment {
    /// Starts a process and waits until it asks for its first invocation.
    pub(super) async fn start(
        settings: &FunctionSettings,
        context: &Context,
    ) -> Result<Arc<Self>, InvokeError> {
        let function = settings.name.clone();
        let id = Uuid::new_v4().to_string();
        let api = format!("{}/{function}/{id}", context.base_url);
        let (offer, work) = mpsc::channel(1);
        let region = &context.region;
        let environment = Arc::new(Self {
            arn: format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{function}"),
            id: id.clone(),
            process_id: OnceLock::new(),
            life: watch::Sender::new(Life::Initialising),
            kill: Notify::new(),
            init_error: Mutex::default(),
            offer,
            work: tokio::sync::Mutex::new(work),
            running: Mutex::default(),
            function,
        });
        // The process may ask for its first invocation before its start is known here.
        lock(&context.registry).insert(id.clone(), Arc::clone(&environment));
        let started = context
            .spawner
            .spawn(command(settings, &api, context))
            .await;
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                lock(&context.registry).remove(&id);
                return Err(InvokeError::Spawn {
                    function: settings.name.clone(),
                    reason: error.to_string(),
                });
            }
        };
        if let Some(id) = child.id() {
            environment.process_id.get_or_init(|| id);
        }
        let log = copy_output(&mut child, &settings.name, context);
        tokio::spawn(supervise(
            child,
            log,
            Arc::clone(&environment),
            context.clone(),
        ));
        environment.initialise().await?;
        Ok(environment)
    }

    async fn initialise(&self) -> Result<(), InvokeError> {
        let mut life = self.life.subscribe();
        let limit = Instant::now() + INIT_LIMIT;
        let failure = tokio::select! {
            biased;
            changed = life.wait_for(|life| *life != Life::Initialising) => {
                match changed.map(|life| life.clone()) {
                    Ok(Life::Ended(status)) => lock(&self.init_error).take().unwrap_or(status),
                    Ok(Life::Ready | Life::Initialising) | Err(_) => return Ok(()),
                }
            }
            () = sleep_until(limit) => {
                format!("it asked for no invocation within {} s", INIT_LIMIT.as_secs())
            }
        };
        self.kill().await;
        Err(InvokeError::Init {
            function: self.function.clone(),
            reason: failure,
        })
    }

    /// Hands the process one invocation and waits for what becomes of it.
    pub(super) async fn invoke(&self, payload: Bytes, timeout: Duration) -> Outcome {
        let request_id = Uuid::new_v4().to_string();
        let (answer, mut answered) = oneshot::channel();
        *lock(&self.running) = Some(Running {
            request_id: request_id.clone(),
            is_taken: false,
            answer,
        });
        let deadline = Instant::now() + timeout;
        let work = Work {
            request_id,
            payload,
            deadline,
        };
        let mut life = self.life.subscribe();
        if self.offer.send(work).await.is_err() {
            return Outcome::NotTaken;
        }
        let status = tokio::select! {
            biased;
            Ok(result) = &mut answered => return Outcome::Answered(result),
            status = ended(&mut life) => status,
            () = sleep_until(deadline) => {
                self.kill().await;
                return Outcome::Ended(InvokeError::TimedOut {
                    function: self.function.clone(),
                    timeout_ms: timeout.as_millis(),
                });
            }
        };
        // An answer that was sent just before the end counts.
        if let Ok(result) = answered.try_recv() {
            return Outcome::Answered(result);
        }
        let was_taken = lock(&self.running)
            .as_ref()
            .is_none_or(|running| running.is_taken);
        if was_taken {
            Outcome::Ended(InvokeError::Exited {
                function: self.function.clone(),
                status,
            })
        } else {
            Outcome::NotTaken
        }
    }

    /// Waits for the next invocation, on behalf of the process.
    pub(super) async fn next(&self) -> Option<Work> {
        self.life.send_if_modified(|life| {
            let is_first = *life == Life::Initialising;
            if is_first {
                *life = Life::Ready;
            }
            is_first
        });
        let work = self.work.lock().await.recv().await?;
        if let Some(running) = lock(&self.running).as_mut() {
            running.is_taken = true;
        }
        Some(work)
    }

    /// Passes the process's answer on; returns whether it answers the invocation that it has.
    pub(super) fn answer(&self, request_id: &str, result: Result<Bytes, InvokeError>) -> bool {
        let mut running = lock(&self.running);
        let is_current = running
            .as_ref()
            .is_some_and(|running| running.is_taken && running.request_id == request_id);
        if is_current && let Some(running) = running.take() {
            // A caller that gave up at the timeout dropped its end.
            drop(running.answer.send(result));
        }
        is_current
    }

    /// Remembers what the process says prevents it from starting; it is expected to end itself.
    pub(super) fn report_init_error(&self, reason: String) {
        *lock(&self.init_error) = Some(reason);
    }

    pub(super) fn function(&self) -> &str {
        &self.function
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.process_id.get().copied()
    }

    /// Kills the process and waits until it is gone.
    pub(super) async fn kill(&self) {
        let mut life = self.life.subscribe();
        self.kill.notify_one();
        ended(&mut life).await;
    }
}

/// Waits for the end of an environment and returns how it ended.
async fn ended(life: &mut watch::Receiver<Life>) -> String {
    match life
        .wait_for(|life| matches!(life, Life::Ended(_)))
        .await
        .as_deref()
    {
        Ok(Life::Ended(status)) => status.clone(),
        // The sender lives in the environment, which outlives whoever waits.
        Ok(Life::Ready | Life::Initialising) | Err(_) => String::new(),
    }
}

/// Waits for the end of a process, bringing it about when asked.
async fn supervise(
    mut child: Child,
    log: Vec<JoinHandle<()>>,
    environment: Arc<Environment>,
    context: Context,
) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = environment.kill.notified() => {
            if let Err(error) = child.start_kill() {
                tracing::warn!(%error, function = environment.function, "a function cannot be killed");
            }
            child.wait().await
        }
    };
    let status = match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("its end is unknown: {error}"),
    };
    // Its last words are worth a moment, unless a grandchild keeps the pipe open.
    let drained = async {
        for task in log {
            // A reader that panicked has nothing more to say.
            drop(task.await);
        }
    };
    tokio::select! {
        () = drained => {}
        () = sleep(Duration::from_secs(1)) => {}
    }
    lock(&context.registry).remove(&environment.id);
    environment.life.send_replace(Life::Ended(status));
}

fn copy_output(child: &mut Child, function: &str, context: &Context) -> Vec<JoinHandle<()>> {
    let stdout = child
        .stdout
        .take()
        .map(|output| tokio::spawn(context.log.clone().copy(function.to_owned(), output)));
    let stderr = child
        .stderr
        .take()
        .map(|output| tokio::spawn(context.log.clone().copy(function.to_owned(), output)));
    stdout.into_iter().chain(stderr).collect()
}

fn command(settings: &FunctionSettings, api: &str, context: &Context) -> Command {
    let name = settings.name.as_str();
    let mut command = Command::new(&settings.command.program);
    command
        .args(&settings.command.arguments)
        .env_clear()
        .envs(&settings.command.environment)
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            settings.memory_mb.to_string(),
        )
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
        .env("AWS_REGION", context.region.as_ref())
        .env("AWS_DEFAULT_REGION", context.region.as_ref())
        .env("_HANDLER", "bootstrap")
        .env("TZ", ":UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
