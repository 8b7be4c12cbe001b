//! `paceline simulate`: many athletes of some providers, against a running instance.
//!
//! It plays both halves of a provider, the webhooks that it sends and the API that it answers, and knows what each
//! activity must come to. So it is a load, a demo, and a test of whatever runs: at the end it compares.

mod activity;
mod api;
mod arguments;
mod athletes;
mod compare;
mod dice;
mod error;
mod fit;
mod key;
mod players;
mod report;
mod send;
mod settings;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use reqwest::Url;
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::client::Client;
use crate::identity::Identity;
use crate::instance::Endpoint;
use crate::lambda_api;
use crate::net::{Server, bind, serve};
use api::Api;
pub use error::SimulateError;
pub use players::Provider;
pub use report::{Counts, Difference, Report};
use report::{Findings, Tally};
use settings::Secrets;
pub(crate) use settings::settings;

pub(crate) use arguments::{Arguments, run};

/// The function that asks what no webhook told, when it is invoked without a doorbell.
const LOOKS_BACK: &str = "fetch-activity";

/// What it answers then.
#[derive(Debug, Deserialize)]
struct Pass {
    asked: u64,
}

/// A day that is past on every machine.
const NEWEST: NaiveDate = match NaiveDate::from_ymd_opt(2025, 6, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// What is to happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Who is played.
    pub providers: Vec<Provider>,
    /// Athletes of each provider.
    pub athletes: u32,
    /// Activities of each athlete.
    pub activities: u32,
    /// Webhooks a second; as fast as they are answered without.
    pub rate: Option<f64>,
    /// Share of webhooks that are sent twice.
    pub duplicate: f64,
    /// Whether they are sent out of order.
    pub reorder: bool,
    /// Whether everything is sent at once.
    pub storm: bool,
    /// Share of activities of which nothing is sent.
    pub drop: f64,
    /// Share of activities beside which something is forged.
    pub forge: f64,
    /// Share of activities of which something comes later, where a provider does so.
    pub late: f64,
    /// The UTC day of everybody's newest activity; each other one is a day before the next.
    pub newest: NaiveDate,
    /// Decides what athletes did.
    pub seed: u32,
    /// Whether what is dropped must be found all the same.
    pub reconciled: bool,
    /// How long the instance may take after the last webhook.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            providers: ["strava", "garmin"]
                .into_iter()
                .filter_map(Provider::named)
                .collect(),
            athletes: 1,
            activities: 1,
            rate: None,
            duplicate: 0.0,
            reorder: false,
            storm: false,
            drop: 0.0,
            forge: 0.0,
            late: 0.0,
            newest: NEWEST,
            seed: 1,
            reconciled: false,
            patience: Duration::from_secs(300),
        }
    }
}

/// A running instance and its keys.
#[derive(Clone)]
pub struct Target {
    /// How to reach it.
    pub endpoint: Endpoint,
    /// Its keys.
    pub identity: Identity,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Target");
        shown
            .field("url", &self.endpoint.url)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// Finds the instance that runs on a data folder.
    ///
    /// # Errors
    /// [`SimulateError`] says what to start.
    pub async fn find(folder: &Path) -> Result<Self, SimulateError> {
        let file = folder.join("endpoint.json");
        let text =
            std::fs::read(&file).map_err(|_| SimulateError::NotRunning(folder.to_owned()))?;
        let endpoint: Endpoint = serde_json::from_slice(&text)
            .map_err(|source| SimulateError::Endpoint { file, source })?;
        let identity = Identity::load(folder)?;
        let client = Client::new(&endpoint);
        let health = client.ask(reqwest::Method::GET, "/health", "").await;
        health.map_err(|source| SimulateError::Away {
            url: endpoint.url.clone(),
            source,
        })?;
        Ok(Self { endpoint, identity })
    }

    /// The port that the instance asks its providers at.
    fn simulator(&self) -> Result<(&str, u16), SimulateError> {
        let url = self.endpoint.simulator_url.as_deref();
        let url = url.ok_or(SimulateError::NoSimulator)?;
        let port = Url::parse(url).ok().and_then(|url| url.port());
        Ok((url, port.ok_or(SimulateError::NoSimulator)?))
    }
}

/// What everybody needs who takes part.
struct Play {
    options: Options,
    secrets: Secrets,
    api: Api,
    url: String,
    simulator_url: String,
    http: reqwest::Client,
    tally: Tally,
    findings: Findings,
}

/// Providers that are played, and their athletes.
pub struct Simulation {
    play: Arc<Play>,
    target: Target,
    // Answers for as long as this lives.
    _server: Server,
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Simulation");
        shown.field("target", &self.target).finish_non_exhaustive()
    }
}

impl Simulation {
    /// Answers as the providers where the instance asks them, and makes sure of the athletes.
    ///
    /// # Errors
    /// [`SimulateError`] says what to do.
    pub async fn prepare(target: Target, options: Options) -> Result<Self, SimulateError> {
        let (_, port) = target.simulator()?;
        let (listener, address) = bind(port).await.map_err(SimulateError::Port)?;
        Self::prepare_on(listener, address, target, options).await
    }

    /// The same on a listener that is there already, for tests that take a free port first.
    ///
    /// # Errors
    /// [`SimulateError`] says what to do.
    pub async fn prepare_on(
        listener: TcpListener,
        address: SocketAddr,
        target: Target,
        options: Options,
    ) -> Result<Self, SimulateError> {
        let (simulator_url, _) = target.simulator()?;
        let http = reqwest::Client::builder()
            // A little more than the gateway gives a function.
            .timeout(Duration::from_secs(35))
            .build()
            .map_err(SimulateError::Http)?;
        let play = Arc::new(Play {
            secrets: Secrets::of(&target.identity),
            api: Api::default(),
            url: target.endpoint.url.clone(),
            simulator_url: simulator_url.to_owned(),
            http,
            tally: Tally::default(),
            findings: Findings::default(),
            options,
        });
        let server = serve(listener, address, api::router(play.clone()));
        athletes::ensure(&target, &play).await?;
        Ok(Self {
            play,
            target,
            _server: server,
        })
    }

    /// Sends everything, and returns once all of it was answered.
    pub async fn send(&self) {
        send::run(&self.play).await;
    }

    /// Whether what is dropped must be found all the same.
    #[must_use]
    pub fn is_reconciled(&self) -> bool {
        self.play.options.reconciled
    }

    /// Has the instance look back at every athlete, over all that its providers still list, as an operator does with
    /// `paceline reconcile`, and without waiting for its schedule.
    ///
    /// # Errors
    /// [`SimulateError::Database`] when the instance's database does not answer, [`SimulateError::LookBack`] when the
    /// function does not.
    pub async fn look_back(&self) -> Result<(), SimulateError> {
        athletes::make_due(&self.target, &self.play).await?;
        let url = format!(
            "{}{}",
            self.target.endpoint.lambda_url,
            lambda_api::path(LOOKS_BACK)
        );
        // One pass takes as long as a function may, and asks as many as it can.
        loop {
            let asked = self.play.http.post(&url).send().await;
            let asked = asked.and_then(reqwest::Response::error_for_status);
            let pass: Pass = async { asked?.json().await }
                .await
                .map_err(SimulateError::LookBack)?;
            if pass.asked == 0 {
                return Ok(());
            }
        }
    }

    /// Waits until nothing is pending, or patience is over, and compares what is shown with what must be there.
    ///
    /// # Errors
    /// [`SimulateError::Read`] when the instance shows nothing.
    pub async fn compare(&self) -> Result<(), SimulateError> {
        compare::run(&self.play, &self.target).await
    }

    /// What was sent, and what differs.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::of(&self.play)
    }
}
