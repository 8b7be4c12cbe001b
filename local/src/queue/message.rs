//! Messages: as sent, as kept, as received.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::SqsError;

/// Largest message, body and attributes together.
pub const MESSAGE_LIMIT: usize = 1024 * 1024;

/// An attribute that the sender gave a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, with an optional suffix.
    pub data_type: String,
    /// Value of a `String` or a `Number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// Value of a `Binary`, in base 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

/// What the sender learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message's id.
    pub message_id: String,
    /// MD5 of the body in hexadecimal.
    pub md5_of_body: String,
}

/// A message as a receiver gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message's id; a doubled message comes twice under one.
    pub message_id: String,
    /// What deletes it, or changes how long it is hidden.
    pub receipt_handle: String,
    /// The body.
    pub body: String,
    /// MD5 of the body in hexadecimal.
    pub md5_of_body: String,
    /// How often the message was received, this time included.
    pub receive_count: u32,
    /// When it was sent, in milliseconds since the epoch.
    pub sent_ms: u64,
    /// When it was first received, in milliseconds since the epoch.
    pub first_received_ms: u64,
    /// Attributes that the sender gave.
    pub message_attributes: BTreeMap<String, MessageAttribute>,
}

impl Received {
    /// Returns the attributes that SQS itself gives a received message.
    #[must_use]
    pub fn system_attributes(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("ApproximateReceiveCount", self.receive_count.to_string()),
            ("SentTimestamp", self.sent_ms.to_string()),
            ("SenderId", super::ACCOUNT.to_owned()),
            (
                "ApproximateFirstReceiveTimestamp",
                self.first_received_ms.to_string(),
            ),
        ])
    }
}

/// A message as the queue keeps it.
#[derive(Debug, Clone)]
pub(super) struct Message {
    id: String,
    body: String,
    md5: String,
    attributes: BTreeMap<String, MessageAttribute>,
    pub(super) sent_at: Instant,
    sent_ms: u64,
    first_received_ms: Option<u64>,
    pub(super) receives: u32,
    pub(super) visible_at: Instant,
    /// Whether it was received from this queue; the count survives a redrive, this does not.
    pub(super) is_received: bool,
}

impl Message {
    pub(super) fn new(
        body: &str,
        attributes: BTreeMap<String, MessageAttribute>,
        now: Instant,
        now_ms: u64,
    ) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            md5: md5_hex(body),
            body: body.to_owned(),
            attributes,
            sent_at: now,
            sent_ms: now_ms,
            first_received_ms: None,
            receives: 0,
            visible_at: now,
            is_received: false,
        }
    }

    pub(super) fn sent(&self) -> Sent {
        Sent {
            message_id: self.id.clone(),
            md5_of_body: self.md5.clone(),
        }
    }

    pub(super) fn receive(&mut self, now_ms: u64) {
        self.receives += 1;
        self.is_received = true;
        self.first_received_ms.get_or_insert(now_ms);
    }

    pub(super) fn received(&self, queue: &str, id: u64) -> Received {
        Received {
            message_id: self.id.clone(),
            receipt_handle: format!("{queue}.{id}.{}", self.receives),
            body: self.body.clone(),
            md5_of_body: self.md5.clone(),
            receive_count: self.receives,
            sent_ms: self.sent_ms,
            first_received_ms: self.first_received_ms.unwrap_or(self.sent_ms),
            message_attributes: self.attributes.clone(),
        }
    }
}

/// Returns how much of the limit a message uses.
pub(super) fn size(body: &str, attributes: &BTreeMap<String, MessageAttribute>) -> usize {
    let attributes = attributes.iter().map(|(name, attribute)| {
        name.len()
            + attribute.data_type.len()
            + attribute.string_value.as_ref().map_or(0, String::len)
            // Base 64 makes four characters of three bytes.
            + attribute.binary_value.as_ref().map_or(0, |text| text.len() / 4 * 3)
    });
    body.len() + attributes.sum::<usize>()
}

pub(super) fn check_body(
    body: &str,
    attributes: &BTreeMap<String, MessageAttribute>,
) -> Result<(), SqsError> {
    if body.is_empty() {
        let reason = "the message has no body: send at least one character";
        return Err(SqsError::InvalidParameterValue(reason.to_owned()));
    }
    let size = size(body, attributes);
    if size > MESSAGE_LIMIT {
        let reason = format!("the message has {size} bytes: send at most {MESSAGE_LIMIT}");
        return Err(SqsError::InvalidParameterValue(reason));
    }
    let is_carried = |character| matches!(character, '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
    if body.chars().all(is_carried) {
        Ok(())
    } else {
        Err(SqsError::InvalidMessageContents)
    }
}

fn md5_hex(text: &str) -> String {
    Md5::digest(text)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            write!(hex, "{byte:02x}").unwrap_or_default();
            hex
        })
}
