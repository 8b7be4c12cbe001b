//! Where activities come in: authenticate, parse, one transaction, doorbells, answer.
//!
//! The transaction records the delivery, stores the workout, attaches the planned workout and
//! requests the stages, so "attached before any stage ran" is a fact of the commit.

#![forbid(unsafe_code)]

mod merge;
mod reanalyse;
mod upload;
mod webhook;

use crate::merge::Wish;
use domain::decode::DecodeError;
use domain::stage::StageName;
use lambda_http::http::Method;
use platform::app::WriterApp;
use platform::config;
use platform::http::{self, Handler, Request, Response};
use platform::problem::Problem;
use platform::providers::Providers;
use platform::rates::Rates;

/// What ingest borrows.
pub struct Ingest {
    app: WriterApp,
    providers: Providers,
    rates: Rates,
}

impl Ingest {
    fn from_environment() -> Result<Self, platform::Error> {
        Ok(Self {
            app: WriterApp::from_environment(&StageName::ALL)?,
            providers: Providers::from_environment()?,
            rates: config::rates()?,
        })
    }
}

impl Handler for Ingest {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        match (request.method(), request.segments().as_slice()) {
            // What follows a provider's name is a secret that its door may ask for.
            (&Method::POST, ["webhooks", provider] | ["webhooks", provider, _]) => {
                webhook::receive(self, request, provider).await
            }
            (&Method::GET, ["webhooks", provider] | ["webhooks", provider, _]) => {
                self.providers.find(provider)?.1.shake_hands(request)
            }
            (&Method::POST, ["activities"]) => upload::accept(self, request).await,
            (&Method::POST, ["workouts", id, "reanalyse"]) => {
                reanalyse::request(self, request, id).await
            }
            (&Method::PUT, ["workouts", id, "merge"]) => {
                merge::change(self, request, id, Wish::Merge).await
            }
            (&Method::DELETE, ["workouts", id, "merge"]) => {
                merge::change(self, request, id, Wish::TakeApart).await
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
