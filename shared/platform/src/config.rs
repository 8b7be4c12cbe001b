//! Configuration: every limit with its reason, and the only reader of the environment.

use crate::auth::HashingCost;
use crate::rates::Rates;
use crate::seal::SealingKeys;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::stage::StageName;
use std::time::Duration;
use store::{DatabaseSettings, Pooler};
use thiserror::Error;
use url::Url;

/// A function's environment that it cannot run with.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A variable is missing.
    #[error("the environment variable {0} is not set; template.yaml says what it should be")]
    Missing(&'static str),
    /// A variable does not make sense.
    #[error("the environment variable {name} {problem}")]
    Invalid {
        /// Which.
        name: &'static str,
        /// What is wrong with it, without its value.
        problem: String,
    },
    /// Two limits contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
}

/// Every time limit, counter and size of the pipeline.
///
/// [`Limits::check`] refuses to start with a contradiction, and a test holds `template.yaml` to
/// the same figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// An HTTP function's Lambda timeout: a provider gives up long before.
    pub http_timeout: Duration,
    /// Longest statement of an HTTP function: a provider may give up after 2 s, cold start included.
    pub http_statement: Duration,
    /// Longest wait for a lock or a connection of an HTTP function.
    pub http_wait: Duration,
    /// The Lambda timeout of the function that connects providers: it asks a provider three times at
    /// most, 8 s each, and API Gateway gives up after 30 s.
    pub connect_timeout: Duration,
    /// A stage's Lambda timeout: the computation is bounded by sample caps, far below.
    pub stage_timeout: Duration,
    /// Longest statement of a stage.
    pub stage_statement: Duration,
    /// Longest wait for a lock or a connection of a stage.
    pub stage_wait: Duration,
    /// A claim's life: longer than the Lambda timeout, so that a live holder is never robbed.
    pub claim_deadline: Duration,
    /// Attempts at one generation before it is failed.
    pub most_attempts: i16,
    /// A queue's visibility timeout: six Lambda timeouts, as AWS asks.
    pub visibility: Duration,
    /// Receives before SQS gives up on a message: more than the ledger's attempts, so that the
    /// ledger always decides first.
    pub most_receives: i16,
    /// Records of one invocation, worked on one after another.
    pub batch_size: u32,
    /// How many doorbells of the fetch stage one invocation answers: one question to a provider may
    /// take as long as the function.
    pub fetch_batch_size: u32,
    /// How long a delivery is kept as it came.
    pub keep_bodies: Duration,
    /// How often connections that are due are asked what no webhook told.
    pub look_back_every: Duration,
    /// A doorbell older than this is taken for lost; a second one is harmless.
    pub ring_again_after: Duration,
    /// Time between two sweeps; with `ring_again_after` any lost doorbell is repaired in 3 minutes.
    pub sweep_every: Duration,
    /// Runs that one sweep looks at.
    pub sweep_size: i64,
    /// Longest wait for SQS when ringing: the sweep repairs what it cuts off.
    pub ring: Duration,
    /// Largest body, before anything is parsed: Lambda takes 6 MB, of which base64 leaves 4.5.
    pub body_bytes: usize,
    /// How far a webhook's timestamp may be from now.
    pub signature_tolerance: Duration,
}

/// The limits that are in force.
pub const LIMITS: Limits = Limits {
    http_timeout: Duration::from_secs(5),
    http_statement: Duration::from_secs(1),
    http_wait: Duration::from_millis(500),
    connect_timeout: Duration::from_secs(29),
    stage_timeout: Duration::from_secs(30),
    stage_statement: Duration::from_secs(20),
    stage_wait: Duration::from_secs(5),
    claim_deadline: Duration::from_secs(60),
    most_attempts: 5,
    visibility: Duration::from_secs(180),
    most_receives: 10,
    batch_size: 5,
    fetch_batch_size: 1,
    keep_bodies: Duration::from_secs(30 * 24 * 3600),
    look_back_every: Duration::from_secs(300),
    ring_again_after: Duration::from_secs(90),
    sweep_every: Duration::from_secs(60),
    sweep_size: 500,
    ring: Duration::from_millis(800),
    body_bytes: 4 * 1024 * 1024,
    signature_tolerance: Duration::from_secs(300),
};

impl Limits {
    /// How long SQS keeps trying a doorbell at least before it gives up on it.
    pub fn doorbell_life(&self) -> Duration {
        self.visibility * u32::from(self.most_receives.unsigned_abs())
    }

    /// How long a lost doorbell or a dead claim may wait for the sweep at most.
    pub fn repair(&self) -> Duration {
        self.ring_again_after + self.sweep_every
    }

    /// Refuses limits that contradict each other.
    ///
    /// # Errors
    /// [`ConfigError::Contradiction`] says which.
    pub fn check(&self) -> Result<(), ConfigError> {
        let contradictions = [
            (
                self.visibility < self.stage_timeout * 6,
                "the visibility timeout is shorter than six stage timeouts",
            ),
            (
                self.claim_deadline <= self.stage_timeout,
                "a claim would expire while its holder still works",
            ),
            (
                self.most_receives <= self.most_attempts,
                "SQS would give up on a run before the ledger does",
            ),
            (
                self.repair() > Duration::from_secs(180),
                "a lost doorbell would not be repaired within 3 minutes",
            ),
        ];
        match contradictions.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, which)) => Err(ConfigError::Contradiction(which)),
            None => Ok(()),
        }
    }
}

/// Which database limits a function works under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Somebody waits for the answer.
    Http,
    /// Nobody waits.
    Background,
}

/// How to reach the database: `DATABASE_URL`, `DATABASE_POOLER` (`none` or `transaction`).
///
/// # Errors
/// [`ConfigError`] names the variable.
pub fn database(pace: Pace) -> Result<DatabaseSettings, ConfigError> {
    LIMITS.check()?;
    let pooler = match optional("DATABASE_POOLER").as_deref() {
        None | Some("" | "none") => Pooler::None,
        Some("transaction") => Pooler::Transaction,
        Some(_) => return Err(invalid("DATABASE_POOLER", "must be none or transaction")),
    };
    let (statement, wait) = match pace {
        Pace::Http => (LIMITS.http_statement, LIMITS.http_wait),
        Pace::Background => (LIMITS.stage_statement, LIMITS.stage_wait),
    };
    let url = required("DATABASE_URL")?;
    Ok(DatabaseSettings {
        url,
        pooler,
        acquire: wait,
        statement,
        lock: wait,
    })
}

/// The URL of a stage's queue: `SUMMARY_QUEUE_URL`, `ANALYSIS_QUEUE_URL`, `METRICS_QUEUE_URL`,
/// `FETCH_QUEUE_URL`.
///
/// # Errors
/// [`ConfigError`] names the variable.
pub fn queue_url(stage: StageName) -> Result<String, ConfigError> {
    required(match stage {
        StageName::Summary => "SUMMARY_QUEUE_URL",
        StageName::Analysis => "ANALYSIS_QUEUE_URL",
        StageName::Metrics => "METRICS_QUEUE_URL",
        StageName::Fetch => "FETCH_QUEUE_URL",
    })
}

/// Whose `sub` a token has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subjects {
    /// A user's id: the tokens are ours.
    Users,
    /// Another issuer's name for somebody, who is a user of ours once they registered.
    External,
}

/// Whose tokens are believed: `AUTH_ISSUER`, `AUTH_AUDIENCE`, `AUTH_JWKS` (a JWK set, public keys, or the
/// https URL where the issuer publishes it), `AUTH_SUBJECTS` (`users` or `external`).
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// The one issuer.
    pub issuer: String,
    /// The one audience.
    pub audience: String,
    /// Its public keys, as JSON, or where they are published.
    pub jwks: String,
    /// Whose `sub` its tokens have.
    pub subjects: Subjects,
}

/// Reads [`AuthSettings`].
///
/// # Errors
/// [`ConfigError`] names the variable.
pub fn auth() -> Result<AuthSettings, ConfigError> {
    let subjects = match optional("AUTH_SUBJECTS").as_deref() {
        None | Some("" | "users") => Subjects::Users,
        Some("external") => Subjects::External,
        Some(_) => return Err(invalid("AUTH_SUBJECTS", "must be users or external")),
    };
    Ok(AuthSettings {
        issuer: required("AUTH_ISSUER")?,
        audience: required("AUTH_AUDIENCE")?,
        jwks: required("AUTH_JWKS")?,
        subjects,
    })
}

/// The keys that sign tokens, `SIGNING_KEYS`: base64 of 32 bytes each, space-separated, newest first; none where
/// another issuer's tokens are believed.
///
/// # Errors
/// [`ConfigError`] when one is no such key, or nobody would believe what they sign.
pub fn signing_keys(subjects: Subjects) -> Result<Vec<Secret<[u8; 32]>>, ConfigError> {
    read_signing_keys(&optional("SIGNING_KEYS").unwrap_or_default(), subjects)
}

fn read_signing_keys(text: &str, subjects: Subjects) -> Result<Vec<Secret<[u8; 32]>>, ConfigError> {
    if subjects == Subjects::External && !text.trim().is_empty() {
        let problem = "must be empty where AUTH_SUBJECTS is external";
        return Err(invalid("SIGNING_KEYS", problem));
    }
    let keys = text.split_whitespace().map(|text| {
        let bytes = STANDARD.decode(text).ok()?;
        Some(Secret::new(bytes.try_into().ok()?))
    });
    let problem = "holds a key that is not base64 of 32 bytes";
    keys.collect::<Option<_>>()
        .ok_or_else(|| invalid("SIGNING_KEYS", problem))
}

/// Where people open our links, `PUBLIC_URL`: `https://app.example.org`, without a slash at its end.
///
/// # Errors
/// [`ConfigError`] when it is no such address.
pub fn public_url() -> Result<String, ConfigError> {
    let url = required("PUBLIC_URL")?;
    let is_url = Url::parse(&url).is_ok_and(|url| ["https", "http"].contains(&url.scheme()));
    match is_url && !url.ends_with('/') {
        true => Ok(url),
        false => Err(invalid(
            "PUBLIC_URL",
            "is no https URL without a slash at its end",
        )),
    }
}

/// What a password costs to hash, `HASHING_COST`, such as `m=19456,t=2,p=1`; OWASP's advice without it.
///
/// # Errors
/// [`ConfigError`] when it is no cost, or a weak one.
pub fn hashing_cost() -> Result<HashingCost, ConfigError> {
    let text = optional("HASHING_COST").filter(|text| !text.is_empty());
    let cost = text.map_or(Some(HashingCost::RECOMMENDED), |text| {
        HashingCost::parse(&text)
    });
    let problem = "is no cost such as m=19456,t=2,p=1, or a weak one";
    cost.ok_or_else(|| invalid("HASHING_COST", problem))
}

/// How often what may be tried, where that is not as usual: `RATE_LIMITS`.
///
/// # Errors
/// [`ConfigError`] when one is no rate.
pub fn rates() -> Result<Rates, ConfigError> {
    Rates::parse(&optional("RATE_LIMITS").unwrap_or_default())
}

/// The providers' settings, `PROVIDER_SETTINGS`: a JSON object with a member for each; none refuses all.
pub(crate) fn providers() -> Secret<String> {
    let text = optional("PROVIDER_SETTINGS").filter(|text| !text.trim().is_empty());
    Secret::new(text.unwrap_or_else(|| "{}".to_owned()))
}

/// The keys that seal tokens, `TOKEN_KEYS`: base64 of 32 bytes each, space-separated, newest first.
///
/// # Errors
/// [`ConfigError`] when one is no such key.
pub fn token_keys() -> Result<SealingKeys, ConfigError> {
    let text = optional("TOKEN_KEYS").unwrap_or_default();
    let keys: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    SealingKeys::parse(&keys)
        .ok_or_else(|| invalid("TOKEN_KEYS", "holds a key that is not base64 of 32 bytes"))
}

/// After how long without a webhook of anybody a provider is silent: `SILENT_AFTER_DAYS`, from 1 to
/// 365; 7 without it, when Polar has switched a webhook off.
///
/// # Errors
/// [`ConfigError`] when it is no such number.
pub fn silent_after() -> Result<Duration, ConfigError> {
    let name = "SILENT_AFTER_DAYS";
    let days = match optional(name).filter(|text| !text.is_empty()) {
        None => Some(7),
        Some(text) => text.parse().ok().filter(|days| (1..=365).contains(days)),
    };
    let days: u64 = days.ok_or_else(|| invalid(name, "is no number of days from 1 to 365"))?;
    Ok(Duration::from_secs(days * 24 * 3600))
}

/// Where AWS is, and who we are there; as the Lambda service provides it.
#[derive(Debug, Clone)]
pub struct AwsSettings {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret<String>,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret<String>>,
    /// `AWS_ENDPOINT_URL_SQS`, where SQS is not AWS's.
    pub sqs_endpoint: Option<String>,
}

/// Reads [`AwsSettings`].
///
/// # Errors
/// [`ConfigError`] names the variable.
pub fn aws() -> Result<AwsSettings, ConfigError> {
    Ok(AwsSettings {
        region: required("AWS_REGION")?,
        access_key_id: required("AWS_ACCESS_KEY_ID")?,
        secret_access_key: Secret::new(required("AWS_SECRET_ACCESS_KEY")?),
        session_token: optional("AWS_SESSION_TOKEN").map(Secret::new),
        sqs_endpoint: optional("AWS_ENDPOINT_URL_SQS"),
    })
}

/// The log filter, `LOG_LEVEL`.
pub(crate) fn log_filter() -> String {
    optional("LOG_LEVEL")
        .filter(|level| !level.is_empty())
        .unwrap_or_else(|| "info".into())
}

/// A plan of faults for tests, `PACELINE_FAULTS`.
#[cfg(feature = "faults")]
pub(crate) fn fault_plan() -> Option<String> {
    optional("PACELINE_FAULTS")
}

fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name)
        .filter(|value| !value.is_empty())
        .ok_or(ConfigError::Missing(name))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one reader of the environment"
)]
fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok()
}

/// Says that a variable does not make sense, without showing it.
pub(crate) fn invalid(name: &'static str, problem: impl ToString) -> ConfigError {
    ConfigError::Invalid {
        name,
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_in_force_do_not_contradict_each_other() {
        LIMITS.check().unwrap();
    }

    #[test]
    fn keys_that_sign_are_refused_where_another_issuer_names_people() {
        let keys = format!(" {0} {0}", STANDARD.encode([7; 32]));
        let read = |text: &str, subjects| {
            let read = read_signing_keys(text, subjects);
            read.map(|keys| keys.len())
                .map_err(|error| error.to_string())
        };

        assert_eq!(read(&keys, Subjects::Users), Ok(2));
        assert_eq!(read(" ", Subjects::External), Ok(0));
        let refused = read(&keys, Subjects::External).unwrap_err();
        assert!(refused.contains("AUTH_SUBJECTS"), "{refused}");
        assert!(read("c2hvcnQ=", Subjects::Users).is_err());
    }

    /// P-29
    #[test]
    fn a_claim_that_expires_before_its_holder_is_refused_at_start_up() {
        let short = Limits {
            claim_deadline: Duration::from_secs(30),
            ..LIMITS
        };

        assert!(matches!(short.check(), Err(ConfigError::Contradiction(_))));
    }
}
