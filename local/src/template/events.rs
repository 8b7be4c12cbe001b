//! What invokes a function.

use std::time::Duration;

use super::yaml::{Fields, Node};
use super::{Function, TemplateError, seconds};

/// An HTTP route of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Method in capitals.
    pub method: String,
    /// Path with `{name}` for a variable segment.
    pub path: String,
}

/// An event-source mapping: a queue whose messages invoke a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsMapping {
    /// Logical id of the queue.
    pub queue: String,
    /// Most messages in one invocation.
    pub batch_size: u32,
    /// How long messages are gathered; zero invokes with what one receive gave.
    pub batching_window: Duration,
    /// Most invocations at a time, if limited.
    pub maximum_concurrency: Option<u32>,
    /// Whether the function names the messages that failed.
    pub report_batch_item_failures: bool,
}

/// A schedule that invokes a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its key under `Events`.
    pub name: String,
    /// How often it fires.
    pub rate: Rate,
}

/// The time between two firings of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub Duration);

/// Adds a function's events to it.
pub(super) fn read(events: &Node<'_>, function: &mut Function) -> Result<(), TemplateError> {
    for (name, event) in events.entries()? {
        let fields = event.fields(&["Type", "Properties"])?;
        let kind = fields.require("Type")?;
        let properties = fields.require("Properties")?;
        match kind.text()?.as_str() {
            "HttpApi" => function.routes.push(route(&properties)?),
            "SQS" => function.mappings.push(mapping(&properties)?),
            "Schedule" => function.schedules.push(Schedule {
                name: name.to_owned(),
                rate: rate(&properties.fields(&["Schedule"])?.require("Schedule")?)?,
            }),
            other => return Err(kind.refuse(format!("is {other}, which is not understood"))),
        }
    }
    Ok(())
}

fn route(node: &Node<'_>) -> Result<Route, TemplateError> {
    let fields = node.fields(&["ApiId", "Method", "Path"])?;
    let method = fields.require("Method")?;
    let name = method.text()?.to_ascii_uppercase();
    if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&name.as_str()) {
        return Err(method.refuse("is not GET, POST, PUT, PATCH or DELETE"));
    }
    let path = fields.require("Path")?;
    let text = path.text()?;
    let segments = text.strip_prefix('/').map(|rest| rest.split('/'));
    let is_understood = |segment: &str| {
        let variable = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let name = variable.unwrap_or(segment);
        !name.is_empty() && !name.contains(['{', '}', '+', '$'])
    };
    if !segments.is_some_and(|mut segments| segments.all(is_understood)) {
        return Err(path.refuse("is not made of plain and {variable} segments"));
    }
    Ok(Route {
        method: name,
        path: text,
    })
}

fn mapping(node: &Node<'_>) -> Result<SqsMapping, TemplateError> {
    let fields = node.fields(&[
        "Queue",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "FunctionResponseTypes",
        "ScalingConfig",
    ])?;
    let number = |name: &str, least, most| {
        fields
            .get(name)
            .map(|node| node.number(least, most))
            .transpose()
    };
    let window = number("MaximumBatchingWindowInSeconds", 0, 300)?.unwrap_or(0);
    let batch_size = number("BatchSize", 1, 10_000)?.unwrap_or(10);
    if batch_size > 10 && window == 0 {
        return Err(node.refuse("has a BatchSize over 10 without a batching window"));
    }
    let maximum_concurrency = match fields.get("ScalingConfig") {
        Some(node) => {
            let scaling = node.fields(&["MaximumConcurrency"])?;
            Some(scaling.require("MaximumConcurrency")?.number(2, 1000)?)
        }
        None => None,
    };
    Ok(SqsMapping {
        queue: fields.require("Queue")?.attribute_of("Arn")?,
        batch_size,
        batching_window: seconds(window),
        maximum_concurrency,
        report_batch_item_failures: reports_failures(&fields)?,
    })
}

fn reports_failures(fields: &Fields<'_>) -> Result<bool, TemplateError> {
    let Some(node) = fields.get("FunctionResponseTypes") else {
        return Ok(false);
    };
    let types = node.items()?;
    for kind in &types {
        kind.only("ReportBatchItemFailures")?;
    }
    Ok(!types.is_empty())
}

fn rate(node: &Node<'_>) -> Result<Rate, TemplateError> {
    let text = node.text()?;
    let parsed = text
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rate| rate.split_once(' '))
        .and_then(|(value, unit)| {
            let value: u32 = value.parse().ok().filter(|value| *value > 0)?;
            let unit = match (unit, value) {
                ("minute", 1) | ("minutes", 2..) => 60,
                ("hour", 1) | ("hours", 2..) => 3600,
                ("day", 1) | ("days", 2..) => 86_400,
                _ => return None,
            };
            value.checked_mul(unit)
        });
    match parsed {
        Some(period) => Ok(Rate(seconds(period))),
        None => Err(node.refuse("is not rate(1 minute), rate(5 minutes), rate(1 hour), …")),
    }
}
