//! SQS's AWS JSON 1.0 protocol over HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::message::size;
use super::{
    MESSAGE_LIMIT, MessageAttribute, Queue, QueueSettings, Queues, Received, Redrive, SqsError,
};

/// Room for a full batch in which JSON escapes every character.
const BODY_LIMIT: usize = 8 * MESSAGE_LIMIT;

/// Most seconds that a message may be hidden.
const MOST_VISIBILITY_S: u64 = 43_200;

/// Returns the endpoint: one route for every operation.
pub fn router(queues: Queues) -> Router {
    Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(queues)
}

async fn handle(State(queues): State<Queues>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .and_then(|target| target.strip_prefix("AmazonSQS."))
        .unwrap_or_default();
    match dispatch(&queues, operation, &body).await {
        Ok(answer) => reply(StatusCode::OK, None, &answer),
        Err(error) => {
            let status = if error == SqsError::Unavailable {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::BAD_REQUEST
            };
            let body = json!({
                "__type": format!("com.amazonaws.sqs#{}", error.shape()),
                "message": error.to_string(),
            });
            let query_error = format!("{};Sender", error.legacy_code());
            reply(status, Some(query_error), &body)
        }
    }
}

fn reply(status: StatusCode, query_error: Option<String>, body: &Value) -> Response {
    let mut headers = vec![
        (
            header::CONTENT_TYPE.as_str(),
            "application/x-amz-json-1.0".to_owned(),
        ),
        ("x-amzn-requestid", Uuid::new_v4().to_string()),
    ];
    headers.extend(query_error.map(|code| ("x-amzn-query-error", code)));
    let mut response = (status, body.to_string()).into_response();
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn dispatch(queues: &Queues, operation: &str, body: &[u8]) -> Result<Value, SqsError> {
    match operation {
        "SendMessage" => {
            let (queue, entry): (_, SendEntry) = request(queues, body)?;
            entry.send(&queue)
        }
        "SendMessageBatch" => {
            let (queue, entries) = batch::<SendEntry>(queues, body)?;
            let total: usize = entries
                .iter()
                .map(|(_, entry)| size(&entry.message_body, &entry.message_attributes))
                .sum();
            if total > MESSAGE_LIMIT {
                return Err(SqsError::BatchRequestTooLong(total));
            }
            each(entries, |entry| entry.send(&queue))
        }
        "ReceiveMessage" => {
            let (queue, receive): (_, Receive) = request(queues, body)?;
            receive.receive(&queue).await
        }
        "DeleteMessage" => {
            let (queue, entry): (_, DeleteEntry) = request(queues, body)?;
            entry.delete(&queue)
        }
        "DeleteMessageBatch" => {
            let (queue, entries) = batch::<DeleteEntry>(queues, body)?;
            each(entries, |entry| entry.delete(&queue))
        }
        "ChangeMessageVisibility" => {
            let (queue, entry): (_, VisibilityEntry) = request(queues, body)?;
            entry.change(&queue)
        }
        "ChangeMessageVisibilityBatch" => {
            let (queue, entries) = batch::<VisibilityEntry>(queues, body)?;
            each(entries, |entry| entry.change(&queue))
        }
        "GetQueueUrl" => {
            let request: GetQueueUrl = parse(body)?;
            Ok(json!({ "QueueUrl": queues.get(&request.queue_name)?.url() }))
        }
        "GetQueueAttributes" => {
            let (queue, request): (_, GetAttributes) = request(queues, body)?;
            Ok(json!({ "Attributes": attributes(&queue, &request.attribute_names) }))
        }
        "ListQueues" => {
            let request: ListQueues = parse(body)?;
            let prefix = request.queue_name_prefix.unwrap_or_default();
            let all = queues.all();
            let named = all.iter().filter(|queue| queue.name().starts_with(&prefix));
            Ok(json!({ "QueueUrls": named.map(Queue::url).collect::<Vec<_>>() }))
        }
        "PurgeQueue" => {
            let (queue, Nothing {}) = request(queues, body)?;
            queue.purge();
            Ok(json!({}))
        }
        "CreateQueue" => create(queues, &parse(body)?),
        other => Err(SqsError::UnsupportedOperation(other.to_owned())),
    }
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEntry {
    message_body: String,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
    #[serde(default)]
    delay_seconds: u64,
}

impl SendEntry {
    fn send(self, queue: &Queue) -> Result<Value, SqsError> {
        let delay = seconds("DelaySeconds", self.delay_seconds, 900)?;
        let sent = queue.send_with(&self.message_body, self.message_attributes, delay)?;
        Ok(json!({ "MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteEntry {
    receipt_handle: String,
}

impl DeleteEntry {
    fn delete(self, queue: &Queue) -> Result<Value, SqsError> {
        queue.delete(&self.receipt_handle)?;
        Ok(json!({}))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VisibilityEntry {
    receipt_handle: String,
    visibility_timeout: u64,
}

impl VisibilityEntry {
    fn change(self, queue: &Queue) -> Result<Value, SqsError> {
        let timeout = seconds(
            "VisibilityTimeout",
            self.visibility_timeout,
            MOST_VISIBILITY_S,
        )?;
        queue.change_visibility(&self.receipt_handle, timeout)?;
        Ok(json!({}))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receive {
    max_number_of_messages: Option<u64>,
    visibility_timeout: Option<u64>,
    wait_time_seconds: Option<u64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

impl Receive {
    async fn receive(self, queue: &Queue) -> Result<Value, SqsError> {
        let most = match self.max_number_of_messages.map(usize::try_from) {
            None => 1,
            Some(Ok(most @ 1..=10)) => most,
            Some(_) => return Err(out_of_range("MaxNumberOfMessages", 1, 10)),
        };
        let visibility = self
            .visibility_timeout
            .map(|given| seconds("VisibilityTimeout", given, MOST_VISIBILITY_S))
            .transpose()?;
        let wait = seconds("WaitTimeSeconds", self.wait_time_seconds.unwrap_or(0), 20)?;
        let received = queue.receive(most, visibility, wait).await;
        if received.is_empty() {
            return Ok(json!({}));
        }
        let messages: Vec<_> = received
            .iter()
            .map(|message| self.render(message))
            .collect();
        Ok(json!({ "Messages": messages }))
    }

    fn render(&self, message: &Received) -> Value {
        let mut rendered = json!({
            "MessageId": message.message_id,
            "ReceiptHandle": message.receipt_handle,
            "Body": message.body,
            "MD5OfBody": message.md5_of_body,
        });
        let Value::Object(fields) = &mut rendered else {
            return rendered;
        };
        let system: Map<String, Value> = message
            .system_attributes()
            .into_iter()
            .filter(|(name, _)| {
                asks_for(&self.attribute_names, name)
                    || asks_for(&self.message_system_attribute_names, name)
            })
            .map(|(name, value)| (name.to_owned(), Value::String(value)))
            .collect();
        if !system.is_empty() {
            fields.insert("Attributes".to_owned(), Value::Object(system));
        }
        let given: BTreeMap<_, _> = message
            .message_attributes
            .iter()
            .filter(|(name, _)| asks_for(&self.message_attribute_names, name))
            .collect();
        if !given.is_empty() {
            fields.insert("MessageAttributes".to_owned(), json!(given));
        }
        rendered
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueUrl {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListQueues {
    queue_name_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetAttributes {
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateQueue {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

fn create(queues: &Queues, request: &CreateQueue) -> Result<Value, SqsError> {
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let name = &request.queue_name;
    if !(1..=80).contains(&name.len()) || !name.bytes().all(is_named) {
        let reason = "QueueName: use 1 to 80 letters, digits, - and _";
        return Err(SqsError::InvalidParameterValue(reason.to_owned()));
    }
    let mut settings = QueueSettings {
        name: name.clone(),
        visibility_timeout: Duration::from_secs(30),
        retention: Duration::from_secs(345_600),
        redrive: None,
    };
    for (name, value) in &request.attributes {
        let number = || {
            value.parse().map_err(|_| {
                SqsError::InvalidParameterValue(format!("{name}: give a number of seconds"))
            })
        };
        match name.as_str() {
            "VisibilityTimeout" => {
                settings.visibility_timeout = seconds(name, number()?, MOST_VISIBILITY_S)?;
            }
            "MessageRetentionPeriod" => settings.retention = seconds(name, number()?, 1_209_600)?,
            "RedrivePolicy" => settings.redrive = Some(redrive(queues, value)?),
            other => {
                let reason = format!("the attribute {other} is not emulated here: leave it out");
                return Err(SqsError::InvalidParameterValue(reason));
            }
        }
    }
    Ok(json!({ "QueueUrl": queues.create(settings)?.url() }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: Value,
}

/// Reads a redrive policy, whose count SQS takes as a number and as a string.
fn redrive(queues: &Queues, policy: &str) -> Result<Redrive, SqsError> {
    let RedrivePolicy {
        dead_letter_target_arn: arn,
        max_receive_count: count,
    } = parse(policy.as_bytes())?;
    let count = count
        .as_u64()
        .or_else(|| count.as_str().and_then(|text| text.parse().ok()));
    let max_receive_count = count
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(|| out_of_range("maxReceiveCount", 1, 1000))?;
    let all = queues.all();
    let target = all.iter().find(|queue| queue.arn() == arn);
    let target = target.ok_or_else(|| SqsError::QueueDoesNotExist(arn.clone()))?;
    Ok(Redrive {
        target: target.name().to_owned(),
        max_receive_count,
    })
}

fn attributes(queue: &Queue, asked: &[String]) -> Map<String, Value> {
    let depth = queue.depth();
    let settings = queue.settings();
    let mut all = vec![
        ("QueueArn", queue.arn().to_owned()),
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        (
            "ApproximateNumberOfMessagesNotVisible",
            depth.in_flight.to_string(),
        ),
        (
            "ApproximateNumberOfMessagesDelayed",
            depth.delayed.to_string(),
        ),
        (
            "VisibilityTimeout",
            settings.visibility_timeout.as_secs().to_string(),
        ),
        (
            "MessageRetentionPeriod",
            settings.retention.as_secs().to_string(),
        ),
        ("MaximumMessageSize", MESSAGE_LIMIT.to_string()),
    ];
    if let Some(redrive) = &settings.redrive
        && let Ok(target) = queue.0.endpoint.get(&redrive.target)
    {
        let policy = json!({
            "deadLetterTargetArn": target.arn(),
            "maxReceiveCount": redrive.max_receive_count,
        });
        all.push(("RedrivePolicy", policy.to_string()));
    }
    all.into_iter()
        .filter(|(name, _)| asks_for(asked, name))
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}

/// Whether a list of names, `All` and `prefix.*` asks for a name.
fn asks_for(asked: &[String], name: &str) -> bool {
    asked.iter().any(|asked| {
        asked == "All"
            || asked == name
            || asked
                .strip_suffix(".*")
                .is_some_and(|prefix| name.starts_with(prefix))
    })
}

fn parse<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(|error| {
        SqsError::InvalidParameterValue(format!("the request is malformed: {error}"))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueUrl {
    queue_url: String,
}

fn request<T: for<'de> Deserialize<'de>>(
    queues: &Queues,
    body: &[u8],
) -> Result<(Queue, T), SqsError> {
    let QueueUrl { queue_url } = parse(body)?;
    Ok((queues.get(&queue_url)?, parse(body)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    queue_url: String,
    entries: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EntryId {
    id: String,
}

fn batch<T: for<'de> Deserialize<'de>>(
    queues: &Queues,
    body: &[u8],
) -> Result<(Queue, Vec<(String, T)>), SqsError> {
    let Batch { queue_url, entries } = parse(body)?;
    let queue = queues.get(&queue_url)?;
    if entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest);
    }
    if entries.len() > 10 {
        return Err(SqsError::TooManyEntriesInBatchRequest(entries.len()));
    }
    let malformed = |error: serde_json::Error| {
        SqsError::InvalidParameterValue(format!("a batch entry is malformed: {error}"))
    };
    let mut seen = BTreeSet::new();
    let mut parsed = Vec::new();
    for entry in entries {
        let EntryId { id } = EntryId::deserialize(&entry).map_err(malformed)?;
        let is_named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=80).contains(&id.len()) || !id.bytes().all(is_named) {
            return Err(SqsError::InvalidBatchEntryId(id));
        }
        if !seen.insert(id.clone()) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id));
        }
        parsed.push((id, T::deserialize(entry).map_err(malformed)?));
    }
    Ok((queue, parsed))
}

/// Does each entry of a batch by itself, as SQS does: one may fail while another succeeds.
fn each<T>(
    entries: Vec<(String, T)>,
    mut act: impl FnMut(T) -> Result<Value, SqsError>,
) -> Result<Value, SqsError> {
    let mut successful = Vec::new();
    let mut failed = Vec::new();
    for (id, entry) in entries {
        match act(entry) {
            Ok(Value::Object(mut fields)) => {
                fields.insert("Id".to_owned(), Value::String(id));
                successful.push(Value::Object(fields));
            }
            // An outage concerns the request, not an entry.
            Err(SqsError::Unavailable) => return Err(SqsError::Unavailable),
            Err(error) => failed.push(json!({
                "Id": id,
                "Code": error.shape(),
                "Message": error.to_string(),
                "SenderFault": true,
            })),
            Ok(_) => successful.push(json!({ "Id": id })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn seconds(name: &str, given: u64, most: u64) -> Result<Duration, SqsError> {
    if given > most {
        return Err(out_of_range(name, 0, most));
    }
    Ok(Duration::from_secs(given))
}

fn out_of_range(name: &str, least: u64, most: u64) -> SqsError {
    SqsError::InvalidParameterValue(format!("{name}: give a number from {least} to {most}"))
}
