//! The athletes: a user, a connection and tokens for each, made once and found again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::purpose::Purpose;
use platform::providers::tokens::{self, Tokens};
use platform::seal::SealingKeys;
use platform::secret::Secret;
use store::reconciliations::{self, LookFrom};
use store::setup::Owner;
use store::{connections, users};

use super::api::{TokenKind, token};
use super::key::{account, user};
use super::{Play, Provider, SimulateError, Target};

/// How long an athlete's token for reading lives.
const READING: Duration = Duration::from_secs(24 * 3600);

/// Makes sure of every athlete, each with fresh tokens of the first generation.
///
/// Where tokens end, every third one's has ended already, so that the instance begins with a refresh.
pub(super) async fn ensure(target: &Target, play: &Play) -> Result<(), SimulateError> {
    let keys = SealingKeys::parse(&[target.identity.token_key()]).ok_or(SimulateError::Seal)?;
    let owner = Owner::connect(&target.endpoint.database_url).await?;
    let now = platform::clock::now();
    for provider in &play.options.providers {
        for athlete in 0..play.options.athletes {
            make(&owner, &keys, play, *provider, athlete, now).await?;
        }
    }
    owner.close().await;
    Ok(())
}

async fn make(
    owner: &Owner,
    keys: &SealingKeys,
    play: &Play,
    provider: Provider,
    athlete: u32,
    now: DateTime<Utc>,
) -> Result<(), SimulateError> {
    let seed = play.options.seed;
    let account = account(seed, provider, athlete);
    let of = |kind| Secret::new(token(play, provider, athlete, kind, 0));
    let ends = provider.player().has_tokens_that_end();
    let lasts = if athlete.is_multiple_of(3) { -1 } else { 6 };
    let tokens = Tokens {
        access: of(TokenKind::Access),
        refresh: ends.then(|| of(TokenKind::Refresh)),
        expires_at: ends.then(|| now + TimeDelta::hours(lasts)),
    };
    let sealed = tokens::seal(keys, provider.as_str(), &account, &tokens)
        .map_err(|_| SimulateError::Seal)?;

    let user = user(seed, provider, athlete);
    let name = format!("Simulated athlete {account} of {provider}");
    let mut tx = owner.begin().await?;
    tx.act_for(user).await?;
    users::ensure_user(&mut tx, user, &name).await?;
    users::ensure_connection(&mut tx, user, provider.as_str(), &account).await?;
    if !connections::store_first_tokens(&mut tx, user, provider.as_str(), &account, &sealed, None)
        .await?
    {
        tx.rollback().await?;
        return Err(SimulateError::Taken { provider, account });
    }
    tx.commit().await?;
    Ok(())
}

/// Makes everybody due to be looked back at, as if for the first time.
pub(super) async fn make_due(target: &Target, play: &Play) -> Result<(), SimulateError> {
    let owner = Owner::connect(&target.endpoint.database_url).await?;
    for provider in &play.options.providers {
        for athlete in 0..play.options.athletes {
            let user = user(play.options.seed, *provider, athlete);
            let mut tx = owner.begin().await?;
            tx.act_for(user).await?;
            let from = LookFrom::TheFirst;
            reconciliations::make_all_due(&mut tx, Some(provider.as_str()), Some(user), from)
                .await?;
            tx.commit().await?;
        }
    }
    owner.close().await;
    Ok(())
}

/// A token with which the instance shows an athlete's workouts.
pub(super) fn reading_token(
    target: &Target,
    seed: u32,
    provider: Provider,
    athlete: u32,
) -> Result<String, SimulateError> {
    let issuer = target.identity.issuer().map_err(SimulateError::Token)?;
    issuer
        .issue(
            user(seed, provider, athlete),
            "athlete",
            Purpose::Display,
            READING,
        )
        .map_err(SimulateError::Token)
}
