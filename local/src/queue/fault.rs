//! The faults that a queue commits on request.

use std::num::NonZeroU32;
use std::time::Duration;

/// What goes wrong at a queue; the default is nothing.
///
/// Counting starts with the first send after [`super::Queue::set_faults`], so that a test knows which message is hit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Accepts every n-th message and loses it.
    pub lose_every: Option<NonZeroU32>,
    /// Delivers every n-th message twice, under one message id.
    pub double_every: Option<NonZeroU32>,
    /// Shows every message only after this long.
    pub delay: Duration,
    /// Hands out the newest message first.
    pub newest_first: bool,
    /// Refuses every send, as in an outage.
    pub refuse_sends: bool,
}

/// What happens to one sent message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    Doubled,
    Lost,
    Refused,
}

impl Faults {
    pub(super) fn fate(&self, send: u32) -> Fate {
        let hits = |every: Option<NonZeroU32>| every.is_some_and(|every| send % every == 0);
        if self.refuse_sends {
            Fate::Refused
        } else if hits(self.lose_every) {
            Fate::Lost
        } else if hits(self.double_every) {
            Fate::Doubled
        } else {
            Fate::Delivered
        }
    }
}
