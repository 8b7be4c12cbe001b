//! The fourth-power mean that weighs hard seconds more than easy ones.

use super::number::{from_count, mean};

/// Seconds in the moving mean of Normalized Power.
const WINDOW: usize = 30;

/// Normalized Power of one value per second, in the values' unit; `None` under 30 seconds.
///
/// The fourth root of the mean fourth power of 30 s trailing means, full windows only (Coggan in
/// Allen, Training and Racing with a Power Meter; rule P2). The seconds are those with a value,
/// joined end to end.
pub fn normalized(seconds: impl Iterator<Item = f64>) -> Option<f64> {
    let mut window = [0.0; WINDOW];
    let (mut oldest, mut seen) = (0, 0);
    let mut sum = 0.0;
    let means = seconds.filter_map(|value| {
        sum += value;
        if let Some(slot) = window.get_mut(oldest) {
            // Before the window is full it holds nothing but zeros to take away.
            sum -= std::mem::replace(slot, value);
        }
        oldest = if oldest + 1 < WINDOW { oldest + 1 } else { 0 };
        seen += 1;
        (seen >= WINDOW).then(|| sum / from_count(WINDOW))
    });
    fourth_power_mean(means)
}

/// The fourth root of the mean fourth power; `None` of nothing.
pub fn fourth_power_mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    // A running sum may end a hair below zero, whose fourth root is not a number.
    mean(values.map(|value| value.max(0.0).powi(4))).map(|mean| mean.powf(0.25))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(watts: &[f64]) -> impl Iterator<Item = f64> + '_ {
        watts
            .iter()
            .flat_map(|watts| std::iter::repeat_n(*watts, 60))
    }

    /// P-57
    #[test]
    fn constant_power_is_its_own_normalized_power() {
        let normalized = normalized(minutes(&[200.0; 5])).unwrap();
        assert!((normalized - 200.0).abs() < 1e-9, "{normalized}");
    }

    /// P-57
    #[test]
    fn alternating_minutes_of_100_and_300_watts_weigh_241() {
        let normalized = normalized(minutes(&[100.0, 300.0, 100.0, 300.0])).unwrap();
        assert!((normalized - 241.19).abs() < 0.005, "{normalized}");
    }

    #[test]
    fn half_a_minute_is_the_least_that_can_be_normalized() {
        assert_eq!(normalized(std::iter::repeat_n(100.0, 29)), None);
        assert_eq!(normalized(std::iter::repeat_n(100.0, 30)), Some(100.0));
    }
}
