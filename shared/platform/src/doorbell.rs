//! Telling SQS that a stage has work: ids only, best effort; the sweep repairs what is lost.

use crate::config::{self, AwsSettings, ConfigError, LIMITS};
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, HttpClient, Region, retry::RetryConfig};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::http_client_fn;
use domain::id::{UserId, WorkoutId};
use domain::stage::StageName;
use serde::{Deserialize, Serialize};
use store::stages::RunKey;

/// The most entries that SQS takes in one call.
const BATCH: usize = 10;

/// What an SQS message says: look at this row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Whose.
    pub user_id: UserId,
    /// Of which workout.
    pub workout_id: WorkoutId,
    /// Which stage.
    pub stage: StageName,
    /// What caused it, for the logs.
    pub correlation_id: String,
}

impl Message {
    /// The row to look at.
    pub fn run(&self) -> RunKey {
        RunKey {
            user_id: self.user_id,
            workout_id: self.workout_id,
            stage: self.stage,
        }
    }
}

/// The queues' bells.
#[derive(Debug, Clone)]
pub struct Doorbell {
    sqs: aws_sdk_sqs::Client,
    queues: Vec<(StageName, String)>,
}

impl Doorbell {
    /// Prepares a client for the queues of `stages`; nothing is sent yet.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable that is missing.
    pub fn from_environment(stages: &[StageName]) -> Result<Self, ConfigError> {
        let queues = stages
            .iter()
            .map(|stage| Ok((*stage, config::queue_url(*stage)?)))
            .collect::<Result<_, ConfigError>>()?;
        Ok(Self::new(&config::aws()?, queues))
    }

    /// Prepares a client for these queues, each a stage's and its URL; nothing is sent yet.
    pub fn new(aws: &AwsSettings, queues: Vec<(StageName, String)>) -> Self {
        Self {
            sqs: client(aws),
            queues,
        }
    }

    /// Rings for each run, and answers those for which SQS took the message.
    ///
    /// A failure is logged and otherwise ignored: the rows are durable and the sweep rings again.
    pub async fn ring(&self, runs: &[RunKey], correlation_id: &str) -> Vec<RunKey> {
        let sending = self.queues.iter().flat_map(|(stage, url)| {
            let mine: Vec<RunKey> = runs.iter().filter(|r| r.stage == *stage).copied().collect();
            let batches: Vec<Vec<RunKey>> = mine.chunks(BATCH).map(<[_]>::to_vec).collect();
            batches
                .into_iter()
                .map(move |batch| self.send(url, batch, correlation_id))
        });
        futures_util::future::join_all(sending)
            .await
            .into_iter()
            .flatten()
            .collect()
    }

    async fn send(&self, url: &str, runs: Vec<RunKey>, correlation_id: &str) -> Vec<RunKey> {
        let entries: Option<Vec<_>> = runs
            .iter()
            .enumerate()
            .map(|(index, run)| {
                let message = Message {
                    user_id: run.user_id,
                    workout_id: run.workout_id,
                    stage: run.stage,
                    correlation_id: correlation_id.to_owned(),
                };
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(serde_json::to_string(&message).ok()?)
                    .build()
                    .ok()
            })
            .collect();
        let sent = self
            .sqs
            .send_message_batch()
            .queue_url(url)
            .set_entries(entries)
            .send()
            .await;
        match sent {
            Ok(answer) => {
                let refused = answer.failed();
                for entry in refused {
                    tracing::warn!(code = entry.code(), "SQS refused a doorbell");
                }
                runs.iter()
                    .enumerate()
                    .filter(|(index, _)| !refused.iter().any(|e| e.id() == index.to_string()))
                    .map(|(_, run)| *run)
                    .collect()
            }
            Err(error) => {
                let error = aws_sdk_sqs::error::DisplayErrorContext(&error).to_string();
                tracing::warn!(error, doorbells = runs.len(), "doorbells were not rung");
                Vec::new()
            }
        }
    }
}

/// An SQS client without `aws-config`: its chain and TLS stack cost 4 MB and nothing here needs it.
fn client(aws: &AwsSettings) -> aws_sdk_sqs::Client {
    let credentials = aws_credential_types::Credentials::new(
        aws.access_key_id.clone(),
        aws.secret_access_key.expose().clone(),
        aws.session_token
            .as_ref()
            .map(|token| token.expose().clone()),
        None,
        "environment",
    );
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let https = Builder::new().tls_provider(ring).build_https();
    // Given as it is, the client would have it read and parse the trusted certificates while it is
    // made, and parse them again for the first call. A function is not asked beforehand, so that
    // the first ring reads and parses them once; a stage hardly ever comes to ring.
    let https =
        http_client_fn(move |settings, components| https.http_connector(settings, components));
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(LIMITS.ring)
        .operation_attempt_timeout(LIMITS.ring / 2)
        .build();
    let mut settings = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials)
        .http_client(https)
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .timeout_config(timeouts);
    if let Some(endpoint) = &aws.sqs_endpoint {
        settings = settings.endpoint_url(endpoint);
    }
    aws_sdk_sqs::Client::from_conf(settings.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// P-74
    #[test]
    fn a_doorbell_is_far_below_a_kibibyte() {
        let message = Message {
            user_id: UserId(Uuid::max()),
            workout_id: WorkoutId(Uuid::max()),
            stage: StageName::Analysis,
            correlation_id: "x".repeat(100),
        };

        assert!(serde_json::to_string(&message).unwrap().len() <= 1024);
    }
}
