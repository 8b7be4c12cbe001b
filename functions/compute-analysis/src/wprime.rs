//! The balance of W′, the work that can be done above critical power (rule P5).

use domain::athlete::Athlete;
use domain::reason::Reason;
use domain::recording::Channel;
use domain::signal::Signal;
use domain::signal::number::mean;
use serde::Serialize;

/// The balance by both published models, in joules.
///
/// A balance below zero says that critical power or W′ is set too low; it is shown, not clipped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WPrime {
    /// Critical power in watts.
    pub cp_w: f64,
    /// W′ in joules.
    pub wprime_j: f64,
    /// Least balance of the differential model (Skiba et al. 2015; Froncioni).
    pub diff_min_j: f64,
    /// Last balance of the differential model.
    pub diff_end_j: f64,
    /// Least balance of the integral model (Skiba et al. 2012, MSSE 44:1526).
    pub int_min_j: f64,
    /// Last balance of the integral model.
    pub int_end_j: f64,
    /// Time constant of recovery in the integral model, in seconds.
    pub tau_s: f64,
}

/// Follows the balance over the timer stream; a second without power counts as 0 W.
pub(crate) fn wprime(
    signal: &Signal<'_>,
    power: &Channel,
    athlete: &Athlete,
) -> Result<WPrime, Reason> {
    if !signal.has_samples() {
        return Err(Reason::NoSamples);
    }
    if !power.has_values() {
        return Err(Reason::NoPower);
    }
    let cp = athlete
        .thresholds
        .cp_w
        .map(|cp| cp.get())
        .filter(|cp| *cp > 0.0);
    let capacity = athlete
        .thresholds
        .wprime_j
        .map(|joules| joules.get())
        .filter(|j| *j > 0.0);
    let (cp_w, wprime_j) = cp.zip(capacity).ok_or(Reason::NoCriticalPower)?;
    let watts: Vec<f64> = signal
        .grid
        .timer_stream(power)
        .map(|watts| watts.unwrap_or(0.0))
        .collect();
    let balance = balance(&watts, cp_w, wprime_j);
    let figures = [
        balance.diff_min_j,
        balance.diff_end_j,
        balance.int_min_j,
        balance.int_end_j,
    ];
    if figures.iter().all(|joules| joules.is_finite()) {
        Ok(balance)
    } else {
        Err(Reason::Implausible)
    }
}

fn balance(watts: &[f64], cp_w: f64, wprime_j: f64) -> WPrime {
    // Who never went below critical power had nothing to recover by: the slowest recovery.
    let below = mean(watts.iter().copied().filter(|watts| *watts < cp_w)).unwrap_or(cp_w);
    let tau_s = 546.0 * (-0.01 * (cp_w - below)).exp() + 316.0;
    let decay = (-1.0 / tau_s).exp();
    let (mut diff, mut spent) = (wprime_j, 0.0_f64);
    let (mut diff_min_j, mut int_min_j) = (wprime_j, wprime_j);
    for watts in watts {
        let above = watts - cp_w;
        diff -= if above >= 0.0 {
            above
        } else {
            above * (wprime_j - diff) / wprime_j
        };
        spent = spent * decay + above.max(0.0);
        diff_min_j = diff_min_j.min(diff);
        int_min_j = int_min_j.min(wprime_j - spent);
    }
    WPrime {
        cp_w,
        wprime_j,
        diff_min_j,
        diff_end_j: diff,
        int_min_j,
        int_end_j: wprime_j - spent,
        tau_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_minutes_above_and_five_below_critical_power_give_the_published_balance() {
        let above = std::iter::repeat_n(300.0, 120);
        let ride: Vec<f64> = above.chain(std::iter::repeat_n(150.0, 300)).collect();
        let balance = balance(&ride, 250.0, 20_000.0);
        let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1.0, "{got}");
        near(balance.diff_min_j, 14_000.0);
        near(balance.diff_end_j, 18_666.0);
        near(balance.int_min_j, 14_640.0);
        near(balance.int_end_j, 17_000.0);
        assert!((balance.tau_s - 516.86).abs() < 0.01);
    }

    #[test]
    fn nothing_is_spent_at_critical_power() {
        let balance = balance(&[250.0; 60], 250.0, 20_000.0);
        assert_eq!(
            (balance.diff_min_j, balance.int_end_j),
            (20_000.0, 20_000.0)
        );
        assert!((balance.tau_s - 862.0).abs() < 1e-9);
    }
}
