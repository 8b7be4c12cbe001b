//! Aerobic decoupling: how much the output per heart beat fell (rule Q1).

use domain::reason::{Reason, Reasons};
use domain::recording::Channel;
use domain::signal::figure::settle;
use domain::signal::number::{from_count, mean};
use domain::signal::{Signal, power};
use serde::Serialize;

/// The least seconds with both values that each half must have.
const LEAST_SECONDS: usize = 60;

/// The least seconds of an effort whose drift means something: 40 minutes (Friel).
const STEADY_S: usize = 2400;

/// The most that normalized output may exceed mean output in a steady effort (Coggan's
/// variability index of a steady ride).
const STEADY_VARIABILITY: f64 = 1.05;

/// Loss of output per heart beat from the first to the second half; positive is drift.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Decoupling {
    /// Per cent, of power.
    pub power_pct: Option<f64>,
    /// Per cent, of speed.
    pub speed_pct: Option<f64>,
    /// Whether the effort was long and even enough for the figures to mean anything.
    ///
    /// At least 40 minutes with at most 5 % variability, of power where there is any.
    pub steady: bool,
}

/// Compares both halves of the timer stream.
pub(crate) fn decoupling(
    signal: &Signal<'_>,
    hr: &Channel,
    watts: &Channel,
    speed: &Channel,
    reasons: &mut Reasons,
) -> Decoupling {
    let drift_of = |output: &Channel, absent: Reason| {
        if !signal.has_samples() {
            return Err(Reason::NoSamples);
        }
        if !output.has_values() {
            return Err(absent);
        }
        if !hr.has_values() {
            return Err(Reason::NoHeartRate);
        }
        drift(joined(signal, hr, output), signal.grid.recorded_s())
    };
    let output = if watts.has_values() { watts } else { speed };
    Decoupling {
        power_pct: settle(
            reasons,
            "decoupling.power_pct",
            drift_of(watts, Reason::NoPower),
        ),
        speed_pct: settle(
            reasons,
            "decoupling.speed_pct",
            drift_of(speed, Reason::NoDistance),
        ),
        steady: is_steady(output),
    }
}

/// The timer stream's (heart rate, output), absent where either is.
fn joined<'a>(
    signal: &'a Signal<'_>,
    hr: &'a Channel,
    output: &'a Channel,
) -> impl Iterator<Item = Option<(f64, f64)>> {
    let beats = signal.grid.timer_stream(hr);
    let outputs = signal.grid.timer_stream(output);
    beats
        .zip(outputs)
        .map(|(bpm, output)| bpm.filter(|bpm| *bpm > 0.0).zip(output))
}

/// The loss from the first to the second half of a stream of so many seconds.
fn drift(
    mut stream: impl Iterator<Item = Option<(f64, f64)>>,
    seconds: usize,
) -> Result<f64, Reason> {
    let first = efficiency(stream.by_ref().take(seconds / 2))?;
    let second = efficiency(stream)?;
    if first > 0.0 {
        Ok(100.0 * (first - second) / first)
    } else {
        Err(Reason::NoMovement)
    }
}

/// Mean output over mean heart rate.
fn efficiency(half: impl Iterator<Item = Option<(f64, f64)>>) -> Result<f64, Reason> {
    let (mut count, mut beats, mut outputs) = (0_usize, 0.0, 0.0);
    for (bpm, output) in half.flatten() {
        count += 1;
        beats += bpm;
        outputs += output;
    }
    if count < LEAST_SECONDS {
        return Err(Reason::TooShort);
    }
    let seconds = from_count(count);
    Ok((outputs / seconds) / (beats / seconds))
}

fn is_steady(output: &Channel) -> bool {
    let variability = || Some(power::normalized(output.values())? / mean(output.values())?);
    output.values().count() >= STEADY_S
        && variability().is_some_and(|index| index <= STEADY_VARIABILITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-63
    #[test]
    fn a_rising_heart_rate_at_equal_output_is_drift() {
        let stream: Vec<_> = std::iter::repeat_n(Some((120.0, 180.0)), 100)
            .chain(std::iter::repeat_n(Some((150.0, 180.0)), 100))
            .collect();
        assert!((drift(stream.into_iter(), 200).unwrap() - 20.0).abs() < 1e-9);
    }

    /// P-63
    #[test]
    fn each_half_needs_a_minute_of_both_values() {
        let mut stream = vec![Some((120.0, 180.0)); 119];
        stream.push(None);
        assert_eq!(drift(stream.into_iter(), 120), Err(Reason::TooShort));
        assert_eq!(drift(std::iter::empty(), 0), Err(Reason::TooShort));
    }

    /// P-63
    #[test]
    fn only_a_long_even_effort_is_steady() {
        let even = |seconds| std::iter::repeat_n(Some(200.0), seconds).collect::<Channel>();
        assert!(is_steady(&even(2400)));
        assert!(!is_steady(&even(2399)));
        let minutes = (0..2400).map(|s| Some(if s / 60 % 2 == 0 { 100.0 } else { 300.0 }));
        assert!(!is_steady(&minutes.collect()));
    }
}
