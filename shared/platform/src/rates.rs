//! How often something may be tried, by an account and from an address, counted for all instances together.

use crate::app::settle;
use crate::config::{ConfigError, invalid};
use crate::problem::Problem;
use sha2::{Digest, Sha256};
use std::time::Duration;
use store::rate_limits::{self, Bucket};
use store::{Store, Tx};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// A login, by the e-mail address that it names.
    LoginAccount,
    /// A login, by where it comes from.
    LoginAddress,
    /// A registration, by the e-mail address that it names.
    SignupAccount,
    /// A registration, by where it comes from.
    SignupAddress,
    /// A refresh, by whose token it is.
    RefreshAccount,
    /// A refresh or a logout, by where it comes from.
    RefreshAddress,
    /// A believed webhook, by the account at the provider.
    WebhookAccount,
}

/// How many tries there are at once, and how long it takes until as many are there again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    most: u32,
    per: Duration,
}

impl Tried {
    const ALL: [Self; 7] = [
        Self::LoginAccount,
        Self::LoginAddress,
        Self::SignupAccount,
        Self::SignupAddress,
        Self::RefreshAccount,
        Self::RefreshAddress,
        Self::WebhookAccount,
    ];

    /// Its word in `RATE_LIMITS`.
    fn word(self) -> &'static str {
        match self {
            Self::LoginAccount => "login_account",
            Self::LoginAddress => "login_address",
            Self::SignupAccount => "signup_account",
            Self::SignupAddress => "signup_address",
            Self::RefreshAccount => "refresh_account",
            Self::RefreshAddress => "refresh_address",
            Self::WebhookAccount => "webhook_account",
        }
    }

    /// How much of it is let through unless `RATE_LIMITS` says otherwise. An account is what somebody guesses passwords
    /// of, so it has few tries; an address may be a whole gym's; webhooks of a backfill come in hundreds.
    fn usual(self) -> Rate {
        let (most, seconds) = match self {
            Self::LoginAccount => (10, 900),
            Self::LoginAddress => (100, 900),
            Self::SignupAccount => (5, 3600),
            Self::SignupAddress => (20, 3600),
            Self::RefreshAccount => (60, 900),
            Self::RefreshAddress => (600, 900),
            Self::WebhookAccount => (600, 60),
        };
        Rate {
            most,
            per: Duration::from_secs(seconds),
        }
    }
}

impl Rate {
    /// Reads `10/900`: ten in 900 seconds.
    fn parse(text: &str) -> Option<Self> {
        let (most, per) = text.split_once('/')?;
        let (most, seconds) = (most.parse().ok()?, per.parse().ok()?);
        let is_bounded = (1..=1_000_000).contains(&most) && (1..=86_400).contains(&seconds);
        is_bounded.then_some(Self {
            most,
            per: Duration::from_secs(seconds),
        })
    }
}

/// The rates that are in force: those that are not as usual.
#[derive(Debug, Clone, Default)]
pub struct Rates(Vec<(Tried, Rate)>);

impl Rates {
    /// Reads those that are not as usual, `login_account=10/900` each, separated by spaces.
    ///
    /// # Errors
    /// [`ConfigError`] when one is not known or no rate.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let rates = text.split_whitespace().map(|setting| {
            let (word, rate) = setting.split_once('=')?;
            let tried = Tried::ALL.into_iter().find(|tried| tried.word() == word)?;
            Some((tried, Rate::parse(rate)?))
        });
        rates.collect::<Option<_>>().map(Self).ok_or_else(|| {
            let problem = "holds what is no rate such as login_account=10/900";
            invalid("RATE_LIMITS", problem)
        })
    }

    /// Takes one try of each, whatever comes of it, in a transaction of its own.
    ///
    /// # Errors
    /// 429 `rate_limited` when there is none left of one; then none was taken.
    pub async fn take(&self, store: &Store, tried: &[(Tried, &str)]) -> Result<(), Problem> {
        let mut tx = store.begin_without_user().await?;
        let taken = self.take_within(&mut tx, tried).await;
        settle(tx, taken).await
    }

    /// Takes one try of each, unless the transaction is rolled back.
    ///
    /// # Errors
    /// 429 `rate_limited` when there is none left of one; then the transaction must be rolled back.
    pub async fn take_within(&self, tx: &mut Tx, tried: &[(Tried, &str)]) -> Result<(), Problem> {
        let buckets = tried.iter().map(|(tried, of)| self.bucket(*tried, of));
        let buckets: Vec<Bucket> = buckets.collect();
        match rate_limits::take(tx, &buckets).await? {
            None => Ok(()),
            Some(wait) => Err(Problem::rate_limited(wait)),
        }
    }

    fn bucket(&self, tried: Tried, of: &str) -> Bucket {
        let set = self.0.iter().find(|(known, _)| *known == tried);
        let rate = set.map_or_else(|| tried.usual(), |(_, rate)| *rate);
        let key = Sha256::new()
            .chain_update(tried.word())
            .chain_update([0])
            .chain_update(of);
        Bucket {
            key_sha256: key.finalize().into(),
            most: rate.most,
            per: rate.per,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_as_usual_unless_it_is_set() {
        let rates = Rates::parse(" login_account=3/60\nwebhook_account=9/1 ").unwrap();
        let most = |tried| rates.bucket(tried, "a").most;
        assert_eq!(most(Tried::LoginAccount), 3);
        assert_eq!(most(Tried::WebhookAccount), 9);
        assert_eq!(most(Tried::LoginAddress), 100);
    }

    #[test]
    fn what_is_no_rate_is_refused_by_name() {
        for text in [
            "login",
            "login_account",
            "login_account=",
            "login_account=10",
            "login_account=0/60",
            "login_account=1/0",
            "login_account=-1/60",
            "logins=1/60",
        ] {
            let refused = Rates::parse(text).unwrap_err().to_string();
            assert!(refused.contains("RATE_LIMITS"), "{text}: {refused}");
        }
    }

    #[test]
    fn an_account_and_an_address_of_one_name_are_two_buckets() {
        let rates = Rates::default();
        let key = |tried, of: &str| rates.bucket(tried, of).key_sha256;
        assert_ne!(key(Tried::LoginAccount, "a"), key(Tried::LoginAddress, "a"));
        assert_ne!(key(Tried::LoginAccount, "a"), key(Tried::LoginAccount, "b"));
    }
}
