//! When a save that may succeed later is tried again: soon, then later, never for long.

use std::time::Duration;

/// How tries follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait before the second try; it doubles from there.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
    /// All tries.
    pub most_tries: u32,
    /// No try begins later after the first one began.
    pub within: Duration,
}

impl Backoff {
    /// How long to wait before the next try; `None` when there is none.
    ///
    /// `tries` have failed, the first of them began `elapsed` ago, and `dice` is a throw from 0 to 1
    /// that shifts the wait by up to a quarter, so that whoever failed together comes apart.
    pub fn next(&self, tries: u32, elapsed: Duration, dice: f64) -> Option<Duration> {
        if tries == 0 || tries >= self.most_tries {
            return None;
        }
        let doubled = 2_u32.saturating_pow(tries - 1);
        let straight = self.first.saturating_mul(doubled).min(self.longest);
        let jitter = 0.75 + 0.5 * dice.clamp(0.0, 1.0);
        let wait = straight.mul_f64(jitter).min(self.longest);
        (elapsed + wait <= self.within).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(100),
        longest: Duration::from_millis(500),
        most_tries: 6,
        within: Duration::from_secs(2),
    };

    fn waits(dice: f64) -> Vec<u128> {
        let tries = 0..10;
        let waits = tries.filter_map(|tries| BACKOFF.next(tries, Duration::ZERO, dice));
        waits.map(|wait| wait.as_millis()).collect()
    }

    /// L-24
    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_last_try() {
        assert_eq!(waits(0.5), [100, 200, 400, 500, 500]);
    }

    /// L-24
    #[test]
    fn the_dice_shift_a_wait_by_a_quarter_and_never_beyond_the_longest() {
        assert_eq!(waits(0.0), [75, 150, 300, 375, 375]);
        assert_eq!(waits(1.0), [125, 250, 500, 500, 500]);
        assert_eq!(waits(f64::INFINITY), waits(1.0));
    }

    /// L-24
    #[test]
    fn no_try_begins_when_the_time_is_over() {
        let second = |elapsed| BACKOFF.next(1, Duration::from_millis(elapsed), 0.5);
        assert_eq!(second(1900), Some(Duration::from_millis(100)));
        assert_eq!(second(1901), None);
    }
}
