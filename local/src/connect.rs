//! `paceline connect`: an operator brings in an athlete's tokens at a provider.
//!
//! The tokens come on standard input, as the provider answered them, so that no shell remembers
//! them. They are sealed before they are stored; nothing prints them.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::Args;
use domain::id::UserId;
use platform::providers;
use platform::providers::tokens::{self, Tokens};
use platform::seal::{SealError, SealingKeys};
use store::setup::Owner;
use store::{StoreError, Tx, connections, reconciliations, users};

/// The largest answer that is read: tokens are a few kilobytes.
const LARGEST: u64 = 64 * 1024;

/// What is below the options in `--help`.
const AFTER: &str = "\
Reads a provider's answer to a token request from standard input: access_token, and where there are
refresh_token, expires_in (seconds) or expires_at (seconds since 1970). The connection is made if it
is not there; one that needed to be authorised again works again. What the athlete did since is
looked for within five minutes, where the provider tells it.

Example:
  curl -s https://www.strava.com/oauth/token -d grant_type=authorization_code -d code=… \\
    -d client_id=… -d client_secret=… |
    paceline connect --user 018f0000-0000-7000-8000-000000000001 --provider strava --account 4455667";

/// Whose account it is.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The athlete's id here, the `sub` of their token
    #[arg(long, value_name = "ID")]
    user: UserId,
    /// The provider
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(providers::names()))]
    provider: String,
    /// The athlete's account there, as the provider's webhooks name it
    #[arg(long)]
    account: String,
    /// URL of the database, as its owner
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
    /// The keys that seal tokens, as the functions have them
    #[arg(long, env = "TOKEN_KEYS", hide_env_values = true, value_name = "KEYS")]
    token_keys: String,
}

/// An account cannot be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The database does not answer, or refuses.
    #[error("cannot write the connection: check --database-url, which is the owner's")]
    Store(#[from] StoreError),
    /// There is nobody of this id.
    #[error("there is no such user, or it was deactivated")]
    NoUser,
    /// Somebody else has it.
    #[error("another user has connected this account")]
    Taken,
    /// The keys are none.
    #[error("TOKEN_KEYS holds no key, or one that is not base64 of 32 bytes")]
    Keys,
    /// What came on standard input is no answer to a token request.
    #[error("standard input is not a provider's answer with an access_token: see --help")]
    Answer,
    /// Standard input or output.
    #[error("cannot read standard input or print")]
    Io(#[from] io::Error),
}

impl From<SealError> for ConnectError {
    fn from(_: SealError) -> Self {
        Self::Keys
    }
}

/// Connects the account that the arguments name.
///
/// # Errors
/// [`ConnectError`] says what to do.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, ConnectError> {
    let keys: Vec<String> = arguments
        .token_keys
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let keys = SealingKeys::parse(&keys).ok_or(ConnectError::Keys)?;
    let mut answer = Vec::new();
    io::stdin().take(LARGEST).read_to_end(&mut answer)?;
    let account = Account {
        user: arguments.user,
        provider: &arguments.provider,
        account: &arguments.account,
    };
    let tokens = Tokens::read(&answer).map_err(|_| ConnectError::Answer)?;
    connect(&arguments.database_url, &keys, account, &tokens).await?;
    let (provider, account) = (&arguments.provider, &arguments.account);
    writeln!(io::stdout(), "{provider} account {account} is connected")?;
    Ok(ExitCode::SUCCESS)
}

/// An account at a provider, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// Whose.
    pub user: UserId,
    /// The provider's name.
    pub provider: &'a str,
    /// The provider's own name for it.
    pub account: &'a str,
}

/// Seals and stores an account's tokens, and makes the connection if it is not there.
///
/// # Errors
/// [`ConnectError`]; then nothing was written.
pub async fn connect(
    database_url: &str,
    keys: &SealingKeys,
    account: Account<'_>,
    tokens: &Tokens,
) -> Result<(), ConnectError> {
    let sealed = tokens::seal(keys, account.provider, account.account, tokens)?;
    let owner = Owner::connect(database_url).await?;
    let mut tx = owner.begin().await?;
    let written = write(&mut tx, account, &sealed).await;
    match written {
        Ok(()) => tx.commit().await?,
        Err(error) => {
            tx.rollback().await?;
            return Err(error);
        }
    }
    owner.close().await;
    Ok(())
}

async fn write(
    tx: &mut Tx,
    account: Account<'_>,
    sealed: &connections::SealedTokens,
) -> Result<(), ConnectError> {
    let Account {
        user,
        provider,
        account,
    } = account;
    tx.act_for(user).await?;
    if !users::is_active(tx, user).await? {
        return Err(ConnectError::NoUser);
    }
    users::ensure_connection(tx, user, provider, account).await?;
    if !connections::store_first_tokens(tx, user, provider, account, sealed, None).await? {
        return Err(ConnectError::Taken);
    }
    reconciliations::make_due(tx, user, provider).await?;
    Ok(())
}
