//! Where activities come in: authenticate, parse, one transaction, doorbells, answer.
//!
//! The transaction records the delivery, stores the workout, attaches the planned workout and
//! requests the stages, so "attached before any stage ran" is a fact of the commit.

#![forbid(unsafe_code)]

mod reanalyse;
mod upload;
mod webhook;

use chrono::{DateTime, Utc};
use domain::decode::DecodeError;
use domain::id::UserId;
use domain::matching::Executed;
use domain::recording::{self, Recording};
use domain::signal::{distance::Distance, session, timer::timer_s};
use lambda_http::http::Method;
use platform::app::WriterApp;
use platform::config::{self, ConfigError};
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use platform::signature::SigningKeys;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use store::ingest::{self, Ingested};
use store::workouts::{ProviderKey, Reported};
use store::{StoreError, Tx};

/// What ingest borrows.
pub struct Ingest {
    app: WriterApp,
    paceline_keys: SigningKeys,
}

impl Ingest {
    fn from_environment() -> Result<Self, platform::Error> {
        let paceline_keys =
            SigningKeys::parse(config::webhook_secrets().expose()).ok_or(ConfigError::Invalid {
                name: "PACELINE_WEBHOOK_SECRETS",
                problem: "holds a secret that is not base64 of 16 bytes or more".into(),
            })?;
        Ok(Self {
            app: WriterApp::from_environment()?,
            paceline_keys,
        })
    }
}

impl Handler for Ingest {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        match (request.method(), request.segments().as_slice()) {
            (&Method::POST, ["webhooks", provider]) => {
                webhook::receive(self, request, provider).await
            }
            (&Method::GET, ["webhooks", provider]) => webhook::shake_hands(provider),
            (&Method::POST, ["activities"]) => upload::accept(self, request).await,
            (&Method::POST, ["workouts", id, "reanalyse"]) => {
                reanalyse::request(self, request, id).await
            }
            _ => Err(Problem::not_found("not_found", "there is no such path")),
        }
    }
}

/// Answers HTTP until the sandbox ends.
///
/// # Errors
/// When the environment is not complete, or the Lambda runtime cannot be reached.
pub async fn run() -> Result<(), platform::Error> {
    http::serve(Ingest::from_environment()?).await
}

/// A recording made ready for the transaction, so that nothing is computed while locks are held.
struct Prepared<'a> {
    recording: Cow<'a, Recording>,
    name: Option<&'a str>,
    columns: Vec<u8>,
    executed: Executed,
    content_sha256: [u8; 32],
    /// Of a multi-session recording, each session by itself.
    sessions: Vec<Self>,
}

impl<'a> Prepared<'a> {
    fn new(recording: &'a Recording, name: Option<&'a str>) -> Self {
        let sessions = session::cut(recording).into_iter();
        Self {
            sessions: sessions
                .map(|session| Self::one(Cow::Owned(session), name))
                .collect(),
            ..Self::one(Cow::Borrowed(recording), name)
        }
    }

    fn one(recording: Cow<'a, Recording>, name: Option<&'a str>) -> Self {
        let columns = recording::encode(&recording);
        let distance_m = Distance::of(&recording).map(|distance| distance.total_m());
        let executed = Executed::of(&recording, timer_s(&recording), distance_m);
        let mut content = Sha256::new();
        content.update(name.unwrap_or_default());
        content.update([0]);
        content.update(&columns);
        Self {
            recording,
            name,
            columns,
            executed,
            content_sha256: content.finalize().into(),
            sessions: Vec::new(),
        }
    }

    /// Stores all of it in a transaction that holds the user's lock.
    async fn ingest(
        &self,
        tx: &mut Tx,
        user: UserId,
        key: ProviderKey<'_>,
        source_sha256: &[u8],
        provider_time: Option<DateTime<Utc>>,
    ) -> Result<Ingested, StoreError> {
        let reported = self.reported(source_sha256, provider_time);
        let sessions: Vec<Reported<'_>> = self
            .sessions
            .iter()
            .map(|session| session.reported(source_sha256, provider_time))
            .collect();
        ingest::ingest(tx, user, key, &reported, &sessions).await
    }

    fn reported<'b>(
        &'b self,
        source_sha256: &'b [u8],
        provider_time: Option<DateTime<Utc>>,
    ) -> Reported<'b> {
        Reported {
            recording: &self.recording,
            name: self.name,
            executed: &self.executed,
            columns: &self.columns,
            source_sha256,
            content_sha256: &self.content_sha256,
            provider_time,
        }
    }
}

/// A file that is not an activity, as the client sees it.
fn refuse_file(error: DecodeError) -> Problem {
    match error {
        DecodeError::UnknownFormat => {
            Problem::unknown_format("send a FIT, TCX or GPX file, plain or gzip")
        }
        DecodeError::TooLarge => Problem::too_large(error.to_string()),
        DecodeError::Undecodable => Problem::unprocessable(error.code(), error.to_string()),
    }
}
