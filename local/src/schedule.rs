//! EventBridge's schedule: invokes a function at a fixed rate.
//!
//! Differences from AWS: the first firing is at the start, and a failed invocation is not tried again.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::clock::Clock;
use crate::invoke::{Invoke, InvokeError};

/// What a schedule invokes, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// Name of the rule, as the event says it.
    pub rule: String,
    /// Name of the function.
    pub function: String,
    /// Time between two firings.
    pub period: Duration,
    /// What `region` says.
    pub region: String,
}

/// A running schedule; it stops when dropped.
#[derive(Debug)]
pub struct Schedule {
    firing: Arc<Firing>,
    task: JoinHandle<()>,
}

struct Firing {
    settings: ScheduleSettings,
    functions: Arc<dyn Invoke>,
}

impl std::fmt::Debug for Firing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Firing").field(&self.settings).finish()
    }
}

impl Schedule {
    /// Starts firing, once now and then at the rate.
    #[must_use]
    pub fn start(settings: ScheduleSettings, functions: Arc<dyn Invoke>) -> Self {
        let firing = Arc::new(Firing {
            settings,
            functions,
        });
        let task = tokio::spawn(repeat(Arc::clone(&firing)));
        Self { firing, task }
    }

    /// Returns the settings that it was started with.
    #[must_use]
    pub fn settings(&self) -> &ScheduleSettings {
        &self.firing.settings
    }

    /// Fires once, beside the rate, and waits for the function.
    ///
    /// # Errors
    /// When the function fails.
    pub async fn fire_now(&self) -> Result<Bytes, InvokeError> {
        fire(&self.firing.settings, self.firing.functions.as_ref()).await
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn repeat(firing: Arc<Firing>) {
    let mut ticks = interval(firing.settings.period);
    // After a suspended machine wakes, one firing repairs as much as many.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let firing = Arc::clone(&firing);
        // The next firing does not wait for this one, as in AWS.
        tokio::spawn(async move {
            match fire(&firing.settings, firing.functions.as_ref()).await {
                Ok(_) | Err(InvokeError::ShuttingDown) => {}
                Err(error) => tracing::warn!(%error, "a scheduled invocation failed"),
            }
        });
    }
}

/// Invokes the function of a schedule once and waits for it.
///
/// # Errors
/// When the function fails.
pub async fn fire(
    settings: &ScheduleSettings,
    functions: &dyn Invoke,
) -> Result<Bytes, InvokeError> {
    let ScheduleSettings {
        rule,
        region,
        function,
        period: _,
    } = settings;
    let now = Clock::start().now_utc();
    let event = json!({
        "version": "0",
        "id": Uuid::new_v4(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": crate::queue::ACCOUNT,
        "time": now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": region,
        "resources": [format!("arn:aws:events:{region}:{}:rule/{rule}", crate::queue::ACCOUNT)],
        "detail": {},
    });
    functions
        .invoke(function, Bytes::from(event.to_string()))
        .await
}
