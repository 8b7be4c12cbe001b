//! Ids: the same for the same seed, and telling whose and which an activity is.

use domain::id::UserId;
use sha2::{Digest, Sha256};

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
        let provider = match self.provider {
            Provider::Strava => 1,
            Provider::Garmin => 2,
            Provider::Wahoo => 3,
        };
        let (athlete, index) = (self.athlete.into(), self.index.into());
        Dice::of(&[seed.into(), provider, athlete, index, salt])
    }

    /// The provider's account of its athlete.
    pub(super) fn account(self, seed: u32) -> String {
        account(seed, self.athlete).to_string()
    }

    /// The provider's id of it.
    pub(super) fn id(self, seed: u32) -> u64 {
        account(seed, self.athlete) * 100_000 + u64::from(self.index)
    }

    /// The activity that has this id; `None` when no athlete of this seed did it.
    pub(super) fn of(options: &Options, provider: Provider, id: u64) -> Option<Self> {
        let index = u32::try_from(id % 100_000).ok()?;
        let athlete = (id / 100_000).checked_sub(account(options.seed, 0))?;
        let athlete = u32::try_from(athlete).ok()?;
        (athlete < options.athletes).then_some(Self {
            provider,
            athlete,
            index,
        })
    }
}

pub(super) fn account(seed: u32, athlete: u32) -> u64 {
    (u64::from(seed) + 1) * 10_000 + u64::from(athlete)
}

/// The athlete's id here, the same whenever the seed is.
pub(super) fn user(seed: u32, provider: Provider, athlete: u32) -> UserId {
    let name = format!("simulated {provider} {}", account(seed, athlete));
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
        let key = Key {
            provider: Provider::Strava,
            athlete: MOST_ATHLETES - 1,
            index: FORGED + MOST_ACTIVITIES,
        };
        let id = key.id(options.seed);
        assert!(id < 1 << 53);
        assert_eq!(Key::of(&options, Provider::Strava, id), Some(key));
        assert_eq!(Key::of(&options, Provider::Strava, 42), None);
        let other = Options { seed: 7, ..options };
        assert_eq!(Key::of(&other, Provider::Strava, id), None);
    }

    #[test]
    fn an_athlete_is_the_same_person_for_the_same_seed_alone() {
        let of = |seed| user(seed, Provider::Garmin, 3);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_ne!(of(1), user(1, Provider::Strava, 3));
        assert_ne!(of(1).0, uuid::Uuid::nil());
    }
}
