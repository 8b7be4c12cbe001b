//! Numbers that look random and are the same whenever what they are thrown for is.

/// A generator of such numbers (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice that fall the same whenever these are the same.
    pub(super) fn of(parts: &[u64]) -> Self {
        let mut dice = Self(0);
        for part in parts {
            let mixed = dice.roll();
            dice = Self(mixed ^ part.wrapping_mul(0xff51_afd7_ed55_8ccd));
        }
        dice
    }

    /// Any number.
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        let sides = u64::from(high.saturating_sub(low)) + 1;
        low.saturating_add(u32::try_from(self.roll() % sides).unwrap_or_default())
    }

    /// True once in `times`, on average.
    pub(super) fn one_in(&mut self, times: u32) -> bool {
        self.between(1, times) == 1
    }

    /// True in this share of the throws.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        let upper = u32::try_from(self.roll() >> 32).unwrap_or_default();
        f64::from(upper) / 4_294_967_296.0 < share
    }

    /// One of some; `otherwise` when there is none.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T], otherwise: T) -> T {
        let last = u32::try_from(of.len().saturating_sub(1)).unwrap_or_default();
        let index = usize::try_from(self.between(0, last)).unwrap_or_default();
        of.get(index).copied().unwrap_or(otherwise)
    }

    /// Puts them into any order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let bound = u32::try_from(last).unwrap_or(u32::MAX);
            items.swap(
                last,
                usize::try_from(self.between(0, bound)).unwrap_or_default(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_fall_the_same_for_the_same_and_differ_for_others() {
        let row = |parts: &[u64]| {
            let mut dice = Dice::of(parts);
            [dice.roll(), dice.roll()]
        };
        assert_eq!(row(&[1, 2]), row(&[1, 2]));
        assert_ne!(row(&[1, 2]), row(&[2, 1]));
        assert_ne!(row(&[1]), row(&[1, 0]));
    }

    #[test]
    fn a_share_is_kept_on_average_and_nothing_is_lost_in_a_shuffle() {
        let mut dice = Dice::of(&[7]);
        let hits = (0..10_000).filter(|_| dice.chance(0.2)).count();
        assert!((1800..2200).contains(&hits), "{hits}");
        assert!(!dice.chance(0.0) && dice.chance(1.0));
        let mut items: Vec<u32> = (0..50).collect();
        dice.shuffle(&mut items);
        assert!(!items.is_sorted());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<u32>>());
    }
}
