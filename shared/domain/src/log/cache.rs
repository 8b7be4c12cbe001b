//! Which log is at a place, remembered for a while; whoever uses it has it checked by the ledger.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::hash::Hash;

/// What was found, of the places that were asked for last.
#[derive(Debug)]
pub struct Cache<K, V> {
    most: usize,
    life: TimeDelta,
    /// Rises with every use, so that the least recent one is known.
    uses: u64,
    entries: HashMap<K, Entry<V>>,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    used: u64,
    until: DateTime<Utc>,
}

impl<K: Hash + Eq + Copy, V: Copy> Cache<K, V> {
    /// An empty one for at most so many places, each for at most so long.
    pub fn new(most: usize, life: TimeDelta) -> Self {
        Self {
            most,
            life,
            uses: 0,
            entries: HashMap::new(),
        }
    }

    /// What is remembered of a place, unless that was too long ago.
    pub fn get(&mut self, key: &K, now: DateTime<Utc>) -> Option<V> {
        self.uses += 1;
        if self
            .entries
            .get(key)
            .is_some_and(|entry| entry.until <= now)
        {
            self.entries.remove(key);
        }
        let entry = self.entries.get_mut(key)?;
        entry.used = self.uses;
        Some(entry.value)
    }

    /// Remembers what is at a place, and forgets the one that was used least recently when there are
    /// too many.
    pub fn put(&mut self, key: K, value: V, now: DateTime<Utc>) {
        self.uses += 1;
        if !self.entries.contains_key(&key) && self.entries.len() >= self.most {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.entries.remove(&oldest);
            }
        }
        let entry = Entry {
            value,
            used: self.uses,
            until: now + self.life,
        };
        self.entries.insert(key, entry);
    }

    /// Forgets a place.
    pub fn forget(&mut self, key: &K) {
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    /// L-10
    #[test]
    fn it_never_holds_more_than_it_may_and_forgets_what_was_used_least_recently() {
        let mut cache = Cache::new(3, TimeDelta::hours(1));
        for place in 0..3 {
            cache.put(place, place * 10, at(0));
        }
        assert_eq!(cache.get(&0, at(1)), Some(0));

        cache.put(3, 30, at(2));

        let kept: Vec<Option<i32>> = (0..4).map(|place| cache.get(&place, at(3))).collect();
        assert_eq!(kept, [Some(0), None, Some(20), Some(30)]);
        for place in 100..1000 {
            cache.put(place, place, at(4));
            assert!(cache.entries.len() <= 3);
        }
    }

    /// L-10
    #[test]
    fn what_was_remembered_too_long_ago_is_not_known() {
        let mut cache = Cache::new(3, TimeDelta::seconds(10));
        cache.put("a", 1, at(0));
        assert_eq!(cache.get(&"a", at(9)), Some(1));
        assert_eq!(cache.get(&"a", at(10)), None, "a use is no news of it");
        assert_eq!(cache.get(&"a", at(0)), None, "and it is gone");
    }

    /// L-08
    #[test]
    fn each_part_of_the_place_makes_it_another_one() {
        let mut cache = Cache::new(9, TimeDelta::hours(1));
        cache.put(("user", "program", 1, 2), 7, at(0));
        for other in [
            ("other", "program", 1, 2),
            ("user", "other", 1, 2),
            ("user", "program", 2, 2),
            ("user", "program", 1, 1),
        ] {
            assert_eq!(cache.get(&other, at(1)), None);
        }
        assert_eq!(cache.get(&("user", "program", 1, 2), at(1)), Some(7));
        cache.forget(&("user", "program", 1, 2));
        assert_eq!(cache.get(&("user", "program", 1, 2), at(1)), None);
    }
}
