//! The whole cloud but PostgreSQL: queues, functions, mappings, schedules and the gateway of a template.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Bytes;

use crate::gateway::{self, HttpRoute, Routes};
use crate::invoke::{Invoke, InvokeError};
use crate::lambda_api;
use crate::log::LogSink;
use crate::mapping::{Mapping, MappingSettings};
use crate::net::{self, BindError, Server};
use crate::process::Spawner;
use crate::queue::{self, Queue, QueueSettings, Queues, SqsError};
use crate::runtime_api::{FunctionCommand, FunctionSettings, RuntimeApi};
use crate::schedule::{Schedule, ScheduleSettings};
use crate::template::{Function, Scope, Template, TemplateError};

/// Environment variable that tells a re-executed process which function it is.
pub const FUNCTION: &str = "PACELINE_FUNCTION";

/// Execution environments of one function when the caller does not say; two cores are busy with four.
pub const MAX_CONCURRENCY: usize = 4;

/// The region that everything here is in.
pub const REGION: &str = "local-1";

/// The cloud cannot start.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// The template asks for what has no value here.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A port cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The template's queues contradict each other.
    #[error(transparent)]
    Queue(#[from] SqsError),
    /// A function of the template has no binary.
    #[error(
        "{0} is no binary: build the functions (cargo build --workspace --exclude tests), or name their folder"
    )]
    NotBuilt(PathBuf),
    /// The thread that starts children cannot be started.
    #[error("cannot start a thread: close other programs")]
    Thread(#[source] io::Error),
}

/// The programs that become execution environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executables {
    /// One program that becomes whichever function [`FUNCTION`] names.
    Reexecuted(PathBuf),
    /// A folder of what is deployed: `<function>` as cargo builds it, or `<function>/bootstrap` as cargo-lambda does.
    Folder(PathBuf),
}

impl Executables {
    /// Returns the program of a function.
    ///
    /// # Errors
    /// [`CloudError::NotBuilt`] when the folder has none.
    pub fn program(&self, function: &str) -> Result<PathBuf, CloudError> {
        match self {
            Self::Reexecuted(program) => Ok(program.clone()),
            Self::Folder(folder) => {
                let plain = folder.join(function);
                let packed = plain.join("bootstrap");
                match (packed.is_file(), plain.is_file()) {
                    (true, _) => Ok(packed),
                    (false, true) => Ok(plain),
                    (false, false) => Err(CloudError::NotBuilt(plain)),
                }
            }
        }
    }
}

/// Gives the value of a key of a secret, named by its ARN.
pub type SecretLookup = Box<dyn Fn(&str, &str) -> Option<String> + Send + Sync>;

/// What a cloud is made of.
pub struct CloudOptions {
    /// What is deployed.
    pub template: Template,
    /// Values of the template's parameters; the defaults fill the rest.
    pub parameters: BTreeMap<String, String>,
    /// Gives the value of a key of a secret, named by its ARN.
    pub secret: SecretLookup,
    /// What the functions are run by.
    pub executables: Executables,
    /// Arguments of every execution environment; Lambda gives none, the binary of a test may need some.
    pub arguments: Vec<OsString>,
    /// More of every function's environment; the template's own values win.
    pub environment: BTreeMap<String, String>,
    /// Port of the gateway; 0 takes a free one.
    pub port: u16,
    /// Execution environments of one function at most.
    pub max_concurrency: usize,
    /// Whether the mappings and schedules run from the start; a test may want to ring by hand.
    pub start: Start,
    /// Where the functions' lines go.
    pub log: LogSink,
}

/// Whether a cloud begins to work by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Mappings poll and schedules fire at once.
    Running,
    /// Mappings are paused and schedules fire only by [`Cloud::fire_schedules`].
    Paused,
}

impl std::fmt::Debug for CloudOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudOptions")
            .field("port", &self.port)
            .field("executables", &self.executables)
            .finish_non_exhaustive()
    }
}

impl CloudOptions {
    /// Makes options with the usual limits.
    #[must_use]
    pub fn new(template: Template, executables: Executables) -> Self {
        Self {
            template,
            parameters: BTreeMap::new(),
            secret: Box::new(|_, _| None),
            executables,
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            port: 0,
            max_concurrency: MAX_CONCURRENCY,
            start: Start::Running,
            log: LogSink::discard(),
        }
    }
}

/// A running cloud.
#[derive(Debug)]
pub struct Cloud {
    gateway: Server,
    sqs: Server,
    queues: Queues,
    functions: RuntimeApi,
    lambda: Server,
    mappings: Vec<Mapping>,
    schedules: Vec<Schedule>,
    events: Vec<ScheduleSettings>,
}

impl Cloud {
    /// Starts everything that the template deploys.
    ///
    /// # Errors
    /// When the template needs a value that was not given, or a port is taken.
    pub async fn start(options: CloudOptions) -> Result<Self, CloudError> {
        let template = &options.template;
        let parameters = template.parameter_values(options.parameters.clone())?;
        let (listener, address) = net::bind(0).await?;
        let queues = Queues::new(&format!("http://{address}"), REGION);
        create_queues(template, &queues)?;
        let sqs = net::serve(listener, address, queue::router(queues.clone()));

        let queue_url = |id: &str| queues.get(id).ok().map(|queue| queue.url().to_owned());
        let scope = Scope {
            parameters: &parameters,
            queue_url: &queue_url,
            region: REGION,
            secret: &*options.secret,
        };
        let settings = template
            .functions
            .iter()
            .map(|function| function_settings(function, &scope, &options, &sqs.url()))
            .collect::<Result<Vec<_>, CloudError>>()?;
        let spawner = Spawner::start().map_err(CloudError::Thread)?;
        let functions = RuntimeApi::start(settings, REGION, spawner, options.log.clone()).await?;
        let invoke: Arc<dyn Invoke> = Arc::new(functions.clone());

        let lambda = lambda_api::start(Arc::clone(&invoke)).await?;
        let gateway = gateway::start(options.port, routes(template), Arc::clone(&invoke)).await?;
        let mappings = start_mappings(template, &queues, &options, &invoke)?;
        let events = schedule_settings(template);
        let schedules = match options.start {
            Start::Paused => Vec::new(),
            Start::Running => events
                .iter()
                .map(|settings| Schedule::start(settings.clone(), Arc::clone(&invoke)))
                .collect(),
        };
        Ok(Self {
            gateway,
            sqs,
            queues,
            functions,
            lambda,
            mappings,
            schedules,
            events,
        })
    }

    /// Returns the gateway's URL without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.url()
    }

    /// Returns the SQS endpoint's URL.
    #[must_use]
    pub fn sqs_url(&self) -> String {
        self.sqs.url()
    }

    /// Returns the URL of Lambda's Invoke API.
    #[must_use]
    pub fn lambda_url(&self) -> String {
        self.lambda.url()
    }

    /// Returns the queues, which are named by their logical ids.
    #[must_use]
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Returns a queue by its logical id.
    ///
    /// # Errors
    /// When the template has no such queue.
    pub fn queue(&self, id: &str) -> Result<Queue, SqsError> {
        self.queues.get(id)
    }

    /// Returns the functions, to invoke or kill one by hand.
    #[must_use]
    pub fn functions(&self) -> &RuntimeApi {
        &self.functions
    }

    /// Returns the event-source mappings.
    #[must_use]
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// Stops every mapping from taking messages and waits until none works on one.
    pub async fn pause_mappings(&self) {
        for mapping in &self.mappings {
            mapping.pause().await;
        }
    }

    /// Lets every mapping take messages again.
    pub fn resume_mappings(&self) {
        for mapping in &self.mappings {
            mapping.resume();
        }
    }

    /// Fires a function's schedules once, now, and returns what it answered; for tests.
    pub async fn fire_schedules(&self, function: &str) -> Vec<Result<Bytes, InvokeError>> {
        let mut results = Vec::new();
        let mine = |settings: &&ScheduleSettings| settings.function == function;
        for settings in self.events.iter().filter(mine) {
            results.push(crate::schedule::fire(settings, &self.functions).await);
        }
        results
    }

    /// Stops taking requests and messages, and kills every function.
    pub async fn shutdown(self) {
        drop(self.gateway);
        drop(self.lambda);
        drop(self.schedules);
        drop(self.mappings);
        self.functions.shutdown().await;
        drop(self.sqs);
    }
}

fn create_queues(template: &Template, queues: &Queues) -> Result<(), SqsError> {
    for (id, queue) in &template.queues {
        queues.create(QueueSettings {
            name: id.clone(),
            visibility_timeout: queue.visibility_timeout,
            retention: queue.retention,
            redrive: queue.redrive.as_ref().map(|redrive| queue::Redrive {
                target: redrive.target.clone(),
                max_receive_count: redrive.max_receive_count,
            }),
        })?;
    }
    Ok(())
}

fn function_settings(
    function: &Function,
    scope: &Scope<'_>,
    options: &CloudOptions,
    sqs_url: &str,
) -> Result<FunctionSettings, CloudError> {
    let mut environment = options.environment.clone();
    for (name, value) in &function.environment {
        environment.insert(name.clone(), value.resolve(scope)?);
    }
    // The endpoint believes any signature; the SDK insists on making one.
    let given = [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_SQS", sqs_url),
    ];
    for (name, value) in given {
        environment.insert(name.to_owned(), value.to_owned());
    }
    if let Executables::Reexecuted(_) = options.executables {
        environment.insert(FUNCTION.to_owned(), function.name.clone());
    }
    let command = FunctionCommand {
        program: options.executables.program(&function.name)?,
        arguments: options.arguments.clone(),
        environment,
    };
    Ok(FunctionSettings {
        name: function.name.clone(),
        command,
        timeout: function.timeout,
        memory_mb: function.memory_mb,
        max_concurrency: options.max_concurrency,
    })
}

fn routes(template: &Template) -> Routes {
    let routes = template.functions.iter().flat_map(|function| {
        function.routes.iter().map(|route| HttpRoute {
            method: route.method.clone(),
            path: route.path.clone(),
            function: function.name.clone(),
        })
    });
    Routes::new(routes.collect())
}

fn start_mappings(
    template: &Template,
    queues: &Queues,
    options: &CloudOptions,
    invoke: &Arc<dyn Invoke>,
) -> Result<Vec<Mapping>, SqsError> {
    let mut mappings = Vec::new();
    for function in &template.functions {
        for mapping in &function.mappings {
            // More pollers than environments would only hold messages that wait for one.
            let most = options.max_concurrency;
            let concurrency = mapping
                .maximum_concurrency
                .and_then(|given| usize::try_from(given).ok())
                .map_or(most, |given| given.min(most));
            let settings = MappingSettings {
                function: function.name.clone(),
                queue: queues.get(&mapping.queue)?,
                batch_size: usize::try_from(mapping.batch_size).unwrap_or(usize::MAX),
                batching_window: mapping.batching_window,
                concurrency,
                report_batch_item_failures: mapping.report_batch_item_failures,
                region: REGION.to_owned(),
            };
            let started = Mapping::start(settings, Arc::clone(invoke));
            if options.start == Start::Paused {
                started.stop_taking();
            }
            mappings.push(started);
        }
    }
    Ok(mappings)
}

fn schedule_settings(template: &Template) -> Vec<ScheduleSettings> {
    template
        .functions
        .iter()
        .flat_map(|function| {
            function.schedules.iter().map(|schedule| ScheduleSettings {
                rule: format!("{}{}", function.logical_id, schedule.name),
                function: function.name.clone(),
                period: schedule.rate.0,
                region: REGION.to_owned(),
            })
        })
        .collect()
}
