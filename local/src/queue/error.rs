//! What SQS refuses, and how it says so.

/// A request that SQS refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqsError {
    /// No queue has this name.
    #[error("the queue {0} does not exist: use a URL that ListQueues gives")]
    QueueDoesNotExist(String),
    /// A queue with other settings has this name.
    #[error("a queue named {0} exists with other attributes: choose another name")]
    QueueNameExists(String),
    /// The receipt handle was not given out by this queue.
    #[error("the receipt handle is not one of this queue's: pass one that a receive gave")]
    ReceiptHandleIsInvalid,
    /// The message is visible again, deleted, or held by another receiver.
    #[error("the message is not in flight under this receipt handle: receive it again")]
    MessageNotInflight,
    /// The body has a character that XML cannot carry.
    #[error(
        "the body has a character outside #x9 #xA #xD #x20-#xD7FF #xE000-#xFFFD #x10000-#x10FFFF: encode it"
    )]
    InvalidMessageContents,
    /// A parameter is missing or out of range, or a message is empty or too large.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A batch has no entry.
    #[error("the batch is empty: send at least one entry")]
    EmptyBatchRequest,
    /// A batch has more than ten entries.
    #[error("the batch has {0} entries: send at most 10")]
    TooManyEntriesInBatchRequest(usize),
    /// Two entries of a batch share an id.
    #[error("the batch has the id {0} twice: make the ids distinct")]
    BatchEntryIdsNotDistinct(String),
    /// An entry's id is not 1 to 80 letters, digits, hyphens and underscores.
    #[error("the batch entry id {0:?} is invalid: use 1 to 80 letters, digits, - and _")]
    InvalidBatchEntryId(String),
    /// The messages of a batch are too large together.
    #[error("the batch has {0} bytes: send at most 1048576 at a time")]
    BatchRequestTooLong(usize),
    /// The operation is not one of those emulated.
    #[error("the operation {0} is not emulated here: use another")]
    UnsupportedOperation(String),
    /// A fault refuses every send.
    #[error("the service is unavailable: try again")]
    Unavailable,
}

impl SqsError {
    /// Returns the shape that the SDK's typed errors are made from.
    pub(super) fn shape(&self) -> &'static str {
        match self {
            Self::QueueDoesNotExist(_) => "QueueDoesNotExist",
            Self::QueueNameExists(_) => "QueueNameExists",
            Self::ReceiptHandleIsInvalid => "ReceiptHandleIsInvalid",
            Self::MessageNotInflight => "MessageNotInflight",
            Self::InvalidMessageContents => "InvalidMessageContents",
            Self::InvalidParameterValue(_) => "InvalidParameterValue",
            Self::EmptyBatchRequest => "EmptyBatchRequest",
            Self::TooManyEntriesInBatchRequest(_) => "TooManyEntriesInBatchRequest",
            Self::BatchEntryIdsNotDistinct(_) => "BatchEntryIdsNotDistinct",
            Self::InvalidBatchEntryId(_) => "InvalidBatchEntryId",
            Self::BatchRequestTooLong(_) => "BatchRequestTooLong",
            Self::UnsupportedOperation(_) => "UnsupportedOperation",
            Self::Unavailable => "ServiceUnavailable",
        }
    }

    /// Returns the code of the older query protocol, which the SDK reports as `code()`.
    pub(super) fn legacy_code(&self) -> String {
        let shape = self.shape();
        match self {
            Self::QueueDoesNotExist(_) => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
            Self::QueueNameExists(_) => "QueueAlreadyExists".to_owned(),
            Self::ReceiptHandleIsInvalid
            | Self::InvalidMessageContents
            | Self::InvalidParameterValue(_)
            | Self::Unavailable => shape.to_owned(),
            Self::MessageNotInflight
            | Self::EmptyBatchRequest
            | Self::TooManyEntriesInBatchRequest(_)
            | Self::BatchEntryIdsNotDistinct(_)
            | Self::InvalidBatchEntryId(_)
            | Self::BatchRequestTooLong(_)
            | Self::UnsupportedOperation(_) => format!("AWS.SimpleQueueService.{shape}"),
        }
    }
}
