//! Reads `template.yaml`: the one description of the deployment, here and in AWS.
//!
//! What is not understood is refused with its path, because what is silently skipped here would differ in AWS.

mod events;
mod expression;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use events::{Rate, Route, Schedule, SqsMapping};
pub use expression::{Expression, Scope};
use yaml::Node;

/// The template is not usable.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("cannot read {path}: run this where the template is, or name it")]
    Unreadable {
        /// Where the file was looked for.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The text is not one YAML document.
    #[error("the template is not YAML ({0}): correct it")]
    NotYaml(String),
    /// The local cloud cannot do what the template says at this path.
    #[error("template: {path} {problem}: change the template, or teach the local cloud")]
    Refused {
        /// Where in the template, as keys joined by dots.
        path: String,
        /// What is wrong there.
        problem: String,
    },
}

/// What the template deploys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The functions, in the order of the file.
    pub functions: Vec<Function>,
    /// The queues by logical id.
    pub queues: BTreeMap<String, Queue>,
    /// The parameters by name.
    pub parameters: BTreeMap<String, Parameter>,
}

/// A Lambda function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Name of its binary, by which everything here knows it.
    pub name: String,
    /// Its key under `Resources`.
    pub logical_id: String,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Memory in MiB; told to the function, not enforced.
    pub memory_mb: u32,
    /// Environment, the globals included.
    pub environment: BTreeMap<String, Expression>,
    /// Logical ids of the queues that its policies let it send to.
    pub sends_to: BTreeSet<String>,
    /// HTTP routes that it answers.
    pub routes: Vec<Route>,
    /// Queues that it is invoked from.
    pub mappings: Vec<SqsMapping>,
    /// Schedules that it is invoked by.
    pub schedules: Vec<Schedule>,
}

/// An SQS queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// A queue's redrive policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// Logical id of the dead letter queue.
    pub target: String,
    /// Receives after which the next one moves the message instead.
    pub max_receive_count: u32,
}

/// A parameter of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Value when none is given.
    pub default: Option<String>,
    /// The only values accepted; empty accepts any.
    pub allowed: Vec<String>,
}

impl Template {
    /// Reads a template file.
    ///
    /// # Errors
    /// When it cannot be read, or says something that is not understood.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path).map_err(|source| TemplateError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// Reads a template.
    ///
    /// # Errors
    /// When it says something that is not understood.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document = yaml::parse(text)?;
        // Conditions and outputs concern the deployment alone: no function sees them.
        let root = Node::root(&document).fields(&[
            "AWSTemplateFormatVersion",
            "Transform",
            "Description",
            "Parameters",
            "Conditions",
            "Globals",
            "Resources",
            "Outputs",
        ])?;
        root.require("Transform")?
            .only("AWS::Serverless-2016-10-31")?;
        let globals = match root.get("Globals") {
            Some(globals) => {
                Properties::read(&globals.fields(&["Function"])?.require("Function")?, &[])?
            }
            None => Properties::default(),
        };
        let mut template = Self {
            functions: Vec::new(),
            queues: BTreeMap::new(),
            parameters: parameters(root.get("Parameters"))?,
        };
        for (id, resource) in root.require("Resources")?.entries()? {
            let fields =
                resource.fields(&["Type", "Metadata", "Properties", "DependsOn", "Condition"])?;
            if let Some(condition) = fields.get("Condition") {
                return Err(condition.refuse("makes the resource conditional"));
            }
            let kind = fields.require("Type")?;
            match kind.text()?.as_str() {
                "AWS::Serverless::Function" => {
                    let metadata = fields.require("Metadata")?;
                    let properties = fields.require("Properties")?;
                    template
                        .functions
                        .push(function(id, &metadata, &properties, &globals)?);
                }
                "AWS::SQS::Queue" => {
                    template
                        .queues
                        .insert(id.to_owned(), queue(fields.get("Properties"))?);
                }
                "AWS::Serverless::HttpApi" => {
                    if let Some(properties) = fields.get("Properties") {
                        properties.fields(&[])?;
                    }
                }
                // Nobody is woken by a local alarm, so nobody counts what it watches.
                "AWS::CloudWatch::Alarm" | "AWS::Logs::LogGroup" | "AWS::Logs::MetricFilter" => {}
                other => return Err(kind.refuse(format!("is {other}, which is not understood"))),
            }
        }
        template.check()?;
        Ok(template)
    }

    /// Completes given parameter values with the defaults.
    ///
    /// # Errors
    /// When a given name is unknown, a value is not allowed, or a parameter has neither.
    pub fn parameter_values(
        &self,
        mut given: BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, TemplateError> {
        let refuse = |name: &str, problem: String| TemplateError::Refused {
            path: format!("Parameters.{name}"),
            problem,
        };
        if let Some(name) = given
            .keys()
            .find(|name| !self.parameters.contains_key(*name))
        {
            return Err(refuse(
                name,
                "is given a value and does not exist".to_owned(),
            ));
        }
        for (name, parameter) in &self.parameters {
            let Some(value) = given.get(name).or(parameter.default.as_ref()).cloned() else {
                return Err(refuse(name, "has no value and no default".to_owned()));
            };
            if !parameter.allowed.is_empty() && !parameter.allowed.contains(&value) {
                let allowed = parameter.allowed.join(", ");
                return Err(refuse(name, format!("is {value:?}, not one of {allowed}")));
            }
            given.insert(name.clone(), value);
        }
        Ok(given)
    }

    /// Checks what one resource promises another, as AWS does when it deploys.
    fn check(&self) -> Result<(), TemplateError> {
        let refuse = |path: String, problem: String| Err(TemplateError::Refused { path, problem });
        for (id, queue) in &self.queues {
            if let Some(redrive) = &queue.redrive
                && !self.queues.contains_key(&redrive.target)
            {
                let target = &redrive.target;
                return refuse(
                    format!("Resources.{id}.Properties.RedrivePolicy"),
                    format!("moves messages to {target}, which is no queue"),
                );
            }
        }
        let mut names = BTreeSet::new();
        for function in &self.functions {
            let path = format!("Resources.{}", function.logical_id);
            if !names.insert(&function.name) {
                return refuse(path, format!("builds {} a second time", function.name));
            }
            for mapping in &function.mappings {
                let Some(queue) = self.queues.get(&mapping.queue) else {
                    return refuse(path, format!("reads {}, which is no queue", mapping.queue));
                };
                if queue.visibility_timeout < function.timeout {
                    return refuse(
                        path,
                        format!("may run longer than {} hides its messages", mapping.queue),
                    );
                }
            }
            for id in &function.sends_to {
                if !self.queues.contains_key(id) {
                    return refuse(path, format!("may send to {id}, which is no queue"));
                }
            }
            let known = |name: &str| {
                self.queues.contains_key(name)
                    || self.parameters.contains_key(name)
                    || name == "AWS::Region"
            };
            for (variable, value) in &function.environment {
                if let Some(name) = value.references().find(|name| !known(name)) {
                    return refuse(
                        format!("{path}.Properties.Environment.Variables.{variable}"),
                        format!("refers to {name}, which is no parameter and no queue"),
                    );
                }
            }
        }
        Ok(())
    }
}

/// The properties that a function may have and `Globals` may give for all.
#[derive(Debug, Clone, Default)]
struct Properties {
    handler: Option<()>,
    runtime: Option<()>,
    timeout: Option<u32>,
    memory_mb: Option<u32>,
    environment: BTreeMap<String, Expression>,
}

impl Properties {
    fn read(node: &Node<'_>, also: &[&str]) -> Result<Self, TemplateError> {
        let mut known = vec![
            "CodeUri",
            "Handler",
            "Runtime",
            "Architectures",
            "MemorySize",
            "Timeout",
            "Environment",
        ];
        known.extend_from_slice(also);
        let fields = node.fields(&known)?;
        let mut environment = BTreeMap::new();
        if let Some(node) = fields.get("Environment") {
            for (name, value) in node
                .fields(&["Variables"])?
                .require("Variables")?
                .entries()?
            {
                environment.insert(name.to_owned(), Expression::read(&value)?);
            }
        }
        let only = |name: &str, accepted: &str| {
            fields.get(name).map(|node| node.only(accepted)).transpose()
        };
        let number = |name: &str, least, most| {
            fields
                .get(name)
                .map(|node| node.number(least, most))
                .transpose()
        };
        Ok(Self {
            handler: only("Handler", "bootstrap")?,
            runtime: only("Runtime", "provided.al2023")?,
            timeout: number("Timeout", 1, 900)?,
            memory_mb: number("MemorySize", 128, 10_240)?,
            environment,
        })
    }
}

fn function(
    id: &str,
    metadata: &Node<'_>,
    node: &Node<'_>,
    globals: &Properties,
) -> Result<Function, TemplateError> {
    let metadata = metadata.fields(&["BuildMethod", "BuildProperties"])?;
    metadata.require("BuildMethod")?.only("rust-cargolambda")?;
    let build = metadata.require("BuildProperties")?;
    let name = build.fields(&["Binary"])?.require("Binary")?.text()?;

    let also = ["Policies", "EventInvokeConfig", "Events", "LoggingConfig"];
    let own = Properties::read(node, &also)?;
    if own.handler.or(globals.handler).is_none() || own.runtime.or(globals.runtime).is_none() {
        return Err(node.refuse("lacks Handler or Runtime"));
    }
    let mut environment = globals.environment.clone();
    environment.extend(own.environment);

    let fields = node.entries()?;
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, node)| node)
    };
    if let Some(config) = field("EventInvokeConfig") {
        // A failed asynchronous invocation is not tried again here.
        let attempts = config
            .fields(&["MaximumRetryAttempts"])?
            .require("MaximumRetryAttempts")?;
        attempts.number(0, 0)?;
    }
    if let Some(config) = field("LoggingConfig") {
        // Every function's lines come to one log here.
        config.fields(&["LogGroup"])?;
    }
    let mut function = Function {
        name,
        logical_id: id.to_owned(),
        // The defaults are Lambda's own.
        timeout: seconds(own.timeout.or(globals.timeout).unwrap_or(3)),
        memory_mb: own.memory_mb.or(globals.memory_mb).unwrap_or(128),
        environment,
        sends_to: field("Policies")
            .map(policies)
            .transpose()?
            .unwrap_or_default(),
        routes: Vec::new(),
        mappings: Vec::new(),
        schedules: Vec::new(),
    };
    if let Some(events) = field("Events") {
        events::read(events, &mut function)?;
    }
    Ok(function)
}

fn policies(node: &Node<'_>) -> Result<BTreeSet<String>, TemplateError> {
    node.items()?
        .iter()
        .map(|policy| {
            policy
                .fields(&["SQSSendMessagePolicy"])?
                .require("SQSSendMessagePolicy")?
                .fields(&["QueueName"])?
                .require("QueueName")?
                .attribute_of("QueueName")
        })
        .collect()
}

fn queue(node: Option<Node<'_>>) -> Result<Queue, TemplateError> {
    // The defaults are SQS's own.
    let mut queue = Queue {
        visibility_timeout: seconds(30),
        retention: seconds(345_600),
        redrive: None,
    };
    let Some(node) = node else { return Ok(queue) };
    let fields = node.fields(&[
        "VisibilityTimeout",
        "MessageRetentionPeriod",
        "RedrivePolicy",
    ])?;
    if let Some(node) = fields.get("VisibilityTimeout") {
        queue.visibility_timeout = seconds(node.number(0, 43_200)?);
    }
    if let Some(node) = fields.get("MessageRetentionPeriod") {
        queue.retention = seconds(node.number(60, 1_209_600)?);
    }
    if let Some(node) = fields.get("RedrivePolicy") {
        let fields = node.fields(&["deadLetterTargetArn", "maxReceiveCount"])?;
        queue.redrive = Some(Redrive {
            target: fields.require("deadLetterTargetArn")?.attribute_of("Arn")?,
            max_receive_count: fields.require("maxReceiveCount")?.number(1, 1000)?,
        });
    }
    Ok(queue)
}

fn parameters(node: Option<Node<'_>>) -> Result<BTreeMap<String, Parameter>, TemplateError> {
    let mut parameters = BTreeMap::new();
    let Some(node) = node else {
        return Ok(parameters);
    };
    for (name, node) in node.entries()? {
        let fields = node.fields(&["Type", "Default", "Description", "AllowedValues", "NoEcho"])?;
        let kind = fields.require("Type")?;
        if !["String", "Number"].contains(&kind.text()?.as_str()) {
            return Err(kind.refuse("is neither String nor Number"));
        }
        let default = fields.get("Default").map(|node| node.text()).transpose()?;
        let allowed = match fields.get("AllowedValues") {
            Some(node) => node
                .items()?
                .iter()
                .map(Node::text)
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        parameters.insert(name.to_owned(), Parameter { default, allowed });
    }
    Ok(parameters)
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}
