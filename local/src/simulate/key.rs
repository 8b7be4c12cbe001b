//! Ids: the same for the same seed, and telling whose and which an activity is.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::UserId;
use sha2::{Digest, Sha256};

use super::activity::Activity;
use super::api::Happening;
use super::dice::Dice;
use super::{Options, Provider};

/// Ids of activities begin here that nobody did, but somebody forges.
pub(super) const FORGED: u32 = 50_000;
/// The most athletes and activities that ids are made for.
pub(super) const MOST_ATHLETES: u32 = 9_999;
pub(super) const MOST_ACTIVITIES: u32 = 5_000;
/// The greatest seed: with it, ids still fit into the integers that JSON keeps everywhere.
pub(super) const GREATEST_SEED: u32 = 8_999_998;

/// One activity of one athlete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) provider: Provider,
    pub(super) athlete: u32,
    pub(super) index: u32,
}

impl Key {
    /// Dice of this activity alone; `salt` keeps its throws apart.
    pub(super) fn dice(self, seed: u32, salt: u64) -> Dice {
        // Of its name, so that another player changes nobody's activities.
        let letters = self.provider.as_str().bytes();
        let provider = letters.fold(0_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
        let (athlete, index) = (self.athlete.into(), self.index.into());
        Dice::of(&[seed.into(), provider, athlete, index, salt])
    }

    /// The provider's account of its athlete.
    pub(super) fn account(self, seed: u32) -> String {
        account(seed, self.provider, self.athlete)
    }

    /// What the provider's id of it is made of.
    pub(super) fn number(self, seed: u32) -> u64 {
        account_number(seed, self.athlete) * 100_000 + u64::from(self.index)
    }

    /// The provider's id of it.
    pub(super) fn id(self, seed: u32) -> String {
        self.provider.player().id(self.number(seed))
    }

    /// When something happened to it, which follows from it alone, so that a second run says the same.
    pub(super) fn happened_at(self, options: &Options, happening: Happening) -> DateTime<Utc> {
        let later_s = match happening {
            Happening::Created => 60,
            Happening::Updated => 3600,
            Happening::Deleted => 7200,
        };
        Activity::of(options, self, 0).end() + TimeDelta::seconds(later_s)
    }

    /// The activity that has this id; `None` when no athlete of this seed did it.
    pub(super) fn of(options: &Options, provider: Provider, id: &str) -> Option<Self> {
        Self::numbered(options, provider, provider.player().number(id)?)
    }

    /// The activity whose id is made of this number.
    pub(super) fn numbered(options: &Options, provider: Provider, id: u64) -> Option<Self> {
        let index = u32::try_from(id % 100_000).ok()?;
        let athlete = (id / 100_000).checked_sub(account_number(options.seed, 0))?;
        let athlete = u32::try_from(athlete).ok()?;
        (athlete < options.athletes).then_some(Self {
            provider,
            athlete,
            index,
        })
    }
}

/// The provider's account of an athlete.
pub(super) fn account(seed: u32, provider: Provider, athlete: u32) -> String {
    provider.player().account(account_number(seed, athlete))
}

pub(super) fn account_number(seed: u32, athlete: u32) -> u64 {
    (u64::from(seed) + 1) * 10_000 + u64::from(athlete)
}

/// The athlete's id here, the same whenever the seed is.
pub(super) fn user(seed: u32, provider: Provider, athlete: u32) -> UserId {
    let name = format!("simulated {provider} {}", account_number(seed, athlete));
    let digest = Sha256::digest(name);
    let mut bytes = [0; 16];
    for (byte, random) in bytes.iter_mut().zip(digest) {
        *byte = random;
    }
    UserId(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_activity_and_fits_into_json() {
        let options = Options {
            seed: GREATEST_SEED,
            athletes: MOST_ATHLETES,
            ..Options::default()
        };
        for provider in Provider::all() {
            let key = Key {
                provider,
                athlete: MOST_ATHLETES - 1,
                index: FORGED + MOST_ACTIVITIES,
            };
            assert!(key.number(options.seed) < 1 << 53);
            let id = key.id(options.seed);
            assert_eq!(Key::of(&options, provider, &id), Some(key));
            assert_eq!(Key::of(&options, provider, "42"), None);
            let other = Options {
                seed: 7,
                ..options.clone()
            };
            assert_eq!(Key::of(&other, provider, &id), None);
        }
    }

    #[test]
    fn an_athlete_is_the_same_person_for_the_same_seed_alone() {
        let of = |seed| user(seed, Provider::named("wahoo").unwrap(), 3);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_ne!(of(1), user(1, Provider::named("strava").unwrap(), 3));
        assert_ne!(of(1).0, uuid::Uuid::nil());
    }
}
