//! A running Paceline on this machine: PostgreSQL, the schema, the cloud and its demo athlete.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::id::UserId;
use domain::purpose::Purpose;
use platform::config::AuthSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::setup::{self, Location, Owner};
use store::{StoreError, stages, users};

use crate::cloud::{Cloud, CloudError, CloudOptions, Executables, Start};
use crate::identity::{Identity, IdentityError, write_private};
use crate::log::LogSink;
use crate::postgres::{Postgres, PostgresError, PostgresOptions};
use crate::process::Spawner;
use crate::simulate;
use crate::template::{Template, TemplateError};

/// The template that this binary was built beside.
const TEMPLATE: &str = include_str!("../../template.yaml");
/// How long a demo token lives.
const TOKEN_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// What scripts read to find a running instance.
const ENDPOINT: &str = "endpoint.json";
/// On one machine everybody comes from one address, and a simulated provider sends as fast as it can.
const RATE_LIMITS: &str = "login_address=10000/60 signup_address=10000/60 refresh_address=10000/60 \
    webhook_account=1000000/60";
/// The generic provider, which the demo athlete is connected to.
const PROVIDER: &str = "paceline";

/// An instance cannot start.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The data folder cannot be used.
    #[error("cannot use {folder}: choose another --data-dir")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else runs on this folder.
    #[error("another instance runs on {0}: stop it, or choose another --data-dir")]
    InUse(PathBuf),
    /// Keys and secrets.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The schema.
    #[error("cannot set up the database: check that its URL names a role that may create roles")]
    Database(#[from] StoreError),
    /// `template.yaml`.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The cloud.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// Tokens.
    #[error("cannot issue tokens")]
    Token(#[source] platform::Error),
    /// Threads.
    #[error("cannot start a thread: close other programs")]
    Thread(#[source] io::Error),
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum Database {
    /// A private cluster in the data folder.
    Private,
    /// A server that the user runs; the URL is its owner's.
    Given(String),
}

/// What an instance is made of.
#[derive(Debug, Clone)]
pub struct InstanceOptions {
    /// Folder of everything that is kept.
    pub folder: PathBuf,
    /// Whether the folder goes when the instance stops.
    pub ephemeral: bool,
    /// Where the database is.
    pub database: Database,
    /// The gateway's port; 0 takes a free one.
    pub port: u16,
    /// The binary that becomes PostgreSQL's launcher when it is told to.
    pub launcher: PathBuf,
    /// What the functions are run by.
    pub executables: Executables,
    /// More of the functions' environment, for tests.
    pub environment: BTreeMap<String, String>,
    /// Values for the template's parameters, for tests.
    pub parameters: BTreeMap<String, String>,
    /// The port of this machine at which providers are simulated; without one, none is.
    pub simulator_port: Option<u16>,
    /// Settings of providers beside the generic one; they go before those of simulated ones.
    pub providers: BTreeMap<String, Value>,
    /// Whether mappings and schedules run from the start.
    pub start: Start,
    /// Where the functions' lines go.
    pub log: LogSink,
}

/// How to reach a running instance, as `endpoint.json` says it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    /// The gateway.
    pub url: String,
    /// A token of the demo athlete.
    pub token: String,
    /// The demo athlete.
    pub user_id: String,
    /// The generic provider's secret.
    pub webhook_secret: String,
    /// The demo athlete's account at the generic provider.
    pub athlete: String,
    /// The database, as its owner.
    pub database_url: String,
    /// The SQS endpoint.
    pub sqs_url: String,
    /// Lambda's Invoke API.
    pub lambda_url: String,
    /// Where simulated providers are asked, if any are believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulator_url: Option<String>,
    /// This process.
    pub pid: u32,
}

/// A running instance.
pub struct Instance {
    folder: PathBuf,
    ephemeral: bool,
    identity: Identity,
    endpoint: Endpoint,
    cloud: Cloud,
    postgres: Option<Postgres>,
    // Held for as long as the folder is ours.
    _lock: File,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither its secrets nor its tokens are for logs.
        f.debug_struct("Instance")
            .field("url", &self.endpoint.url)
            .finish_non_exhaustive()
    }
}

impl Instance {
    /// Starts everything, and writes `endpoint.json` once it is ready to answer.
    ///
    /// What an earlier, killed instance left is put right: its PostgreSQL is adopted, and its
    /// doorbells and claims, which died with it, are forgotten so that the sweep rings at once.
    ///
    /// # Errors
    /// [`InstanceError`] says what to do.
    pub async fn start(options: InstanceOptions) -> Result<Self, InstanceError> {
        let folder = options.folder.clone();
        let lock = lock_folder(&folder)?;
        remove_endpoint(&folder)?;
        let identity = Identity::load_or_make(&folder)?;
        let spawner = Spawner::start().map_err(InstanceError::Thread)?;

        let (postgres, database_url) = match &options.database {
            Database::Given(url) => (None, url.clone()),
            Database::Private => {
                let settings = PostgresOptions {
                    folder: folder.join("postgres"),
                    durable: !options.ephemeral,
                    launcher: Some(options.launcher.clone()),
                };
                let postgres = Postgres::start(&settings, &spawner, &options.log).await?;
                setup::create_database(&postgres.url("postgres")).await?;
                let url = postgres.url("paceline");
                (Some(postgres), url)
            }
        };
        let location = prepare(&database_url, &identity).await?;

        let issuer = identity.issuer().map_err(InstanceError::Token)?;
        let auth = issuer.settings().map_err(InstanceError::Token)?;
        let token = issuer
            .issue(identity.user_id(), "athlete", Purpose::Display, TOKEN_LIFE)
            .map_err(InstanceError::Token)?;
        let cloud = start_cloud(&options, &location, &identity, auth).await?;

        let endpoint = Endpoint {
            url: cloud.url(),
            token,
            user_id: identity.user_id().to_string(),
            webhook_secret: identity.webhook_secret().to_owned(),
            athlete: identity.account(),
            database_url,
            sqs_url: cloud.sqs_url(),
            lambda_url: cloud.lambda_url(),
            simulator_url: options.simulator_url(),
            pid: std::process::id(),
        };
        write_private(&folder.join(ENDPOINT), &endpoint).map_err(|source| {
            InstanceError::Folder {
                folder: folder.clone(),
                source,
            }
        })?;
        let ephemeral = options.ephemeral;
        Ok(Self {
            folder,
            ephemeral,
            identity,
            endpoint,
            cloud,
            postgres,
            _lock: lock,
        })
    }

    /// Who the folder belongs to, and its keys.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where it keeps what it keeps.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How to reach it.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Issues a token for any user and purpose, as an identity service would.
    ///
    /// # Errors
    /// When the folder's key is damaged.
    pub fn token_of(&self, user: UserId, purpose: Purpose) -> Result<String, InstanceError> {
        let issuer = self.identity.issuer().map_err(InstanceError::Token)?;
        let issued = issuer.issue(user, "athlete", purpose, TOKEN_LIFE);
        issued.map_err(InstanceError::Token)
    }

    /// Its cloud.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Stops everything in order, and removes `endpoint.json`; an ephemeral folder goes as a whole.
    ///
    /// # Errors
    /// When the folder cannot be cleaned.
    pub async fn stop(self) -> Result<(), InstanceError> {
        let folder = self.folder.clone();
        let failed = |source| InstanceError::Folder {
            folder: folder.clone(),
            source,
        };
        remove_endpoint(&self.folder)?;
        self.cloud.shutdown().await;
        if let Some(postgres) = self.postgres {
            if self.ephemeral {
                postgres.stop_and_delete().await.map_err(failed)?;
            } else {
                postgres.stop().await;
            }
        }
        if self.ephemeral {
            std::fs::remove_dir_all(&self.folder).map_err(failed)?;
        }
        Ok(())
    }
}

fn lock_folder(folder: &Path) -> Result<File, InstanceError> {
    let failed = |source| InstanceError::Folder {
        folder: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = File::create(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(InstanceError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn remove_endpoint(folder: &Path) -> Result<(), InstanceError> {
    match std::fs::remove_file(folder.join(ENDPOINT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(InstanceError::Folder {
            folder: folder.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

/// Migrates, lets the functions' roles in, and makes sure of the demo athlete.
async fn prepare(database_url: &str, identity: &Identity) -> Result<Location, StoreError> {
    let owner = Owner::connect(database_url).await?;
    owner.migrate().await?;
    for role in setup::ROLES {
        owner
            .let_role_log_in(role, identity.database_password())
            .await?;
    }
    let mut tx = owner.begin().await?;
    tx.act_for(identity.user_id()).await?;
    users::ensure_user(&mut tx, identity.user_id(), "Demo athlete").await?;
    users::ensure_connection(&mut tx, identity.user_id(), PROVIDER, &identity.account()).await?;
    let forgotten = stages::forget_doorbells(&mut tx).await?;
    tx.commit().await?;
    if forgotten > 0 {
        tracing::info!(forgotten, "doorbells of an earlier run will be rung again");
    }
    let location = owner.location().clone();
    owner.close().await;
    Ok(location)
}

impl InstanceOptions {
    /// Every provider's settings, as the functions read them.
    fn providers(&self, identity: &Identity) -> Value {
        let secret = identity.webhook_secret();
        let generic = (PROVIDER.to_owned(), json!({"secrets": [secret]}));
        let url = self.simulator_url();
        let simulated = url.map(|url| simulate::settings(identity, &url));
        let simulated = simulated.unwrap_or_default().into_iter();
        // Of two with the same name the later one stays.
        let others = simulated.chain(self.providers.clone());
        Value::Object(others.chain([generic]).collect())
    }

    fn simulator_url(&self) -> Option<String> {
        let port = self.simulator_port?;
        Some(format!("http://127.0.0.1:{port}"))
    }
}

async fn start_cloud(
    options: &InstanceOptions,
    location: &Location,
    identity: &Identity,
    auth: AuthSettings,
) -> Result<Cloud, InstanceError> {
    let template = Template::parse(TEMPLATE)?;
    // Nobody answers there; it stands in links that people would open.
    let auth_issuer = auth.issuer.clone();
    let mut cloud = CloudOptions::new(template, options.executables.clone());
    cloud.parameters = [
        ("DatabaseHost", location.host.clone()),
        ("DatabasePort", location.port.to_string()),
        ("DatabaseName", location.database.clone()),
        ("DatabaseSslMode", location.ssl_mode.to_owned()),
        ("DatabaseSecretArn", "local:database".to_owned()),
        ("ProviderSecretArn", "local:providers".to_owned()),
        ("AuthIssuer", auth.issuer),
        ("AuthAudience", auth.audience),
        ("AuthJwks", auth.jwks),
        ("RateLimits", RATE_LIMITS.to_owned()),
        ("PublicUrl", auth_issuer),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .chain(options.parameters.clone())
    .collect();
    let password = identity.database_password().to_owned();
    let token_key = identity.token_key();
    // Ours sign nothing where another issuer says who people are.
    let is_external = cloud
        .parameters
        .get("AuthSubjects")
        .is_some_and(|of| of == "external");
    let signing_key = match is_external {
        true => String::new(),
        false => identity.signing_key().to_owned(),
    };
    let providers = options.providers(identity).to_string();
    cloud.secret = Box::new(move |secret, key| match (secret, key) {
        ("local:database", role) if setup::ROLES.contains(&role) => Some(password.clone()),
        ("local:providers", "providers") => Some(providers.clone()),
        ("local:providers", "token_keys") => Some(token_key.clone()),
        ("local:providers", "signing_keys") => Some(signing_key.clone()),
        _ => None,
    });
    cloud.environment = options.environment.clone();
    cloud.port = options.port;
    cloud.start = options.start;
    cloud.log = options.log.clone();
    Ok(Cloud::start(cloud).await?)
}
