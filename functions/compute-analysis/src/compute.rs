//! The stage itself: a recording in, its analysis out.

use crate::best_efforts::{self, BestEffort};
use crate::decoupling::{self, Decoupling};
use crate::execution::{self, ExecutionFigures};
use crate::gap::{self, Gap};
use crate::laps::{self, LapFigures};
use crate::lengths::{self, LengthFigures, LengthsMethod};
use crate::mean_max::{self, MeanMaxHr, MeanMaxPower};
use crate::series::{self, Series};
use crate::sets::{self, SetFigures};
use crate::splits::{self, Splits};
use crate::wprime::{self, WPrime};
use crate::zones::{self, Seconds, Zones};
use domain::reason::{Reason, Reasons};
use domain::recording::Channel;
use domain::signal::figure::note;
use domain::signal::{Signal, Stretches, session};
use domain::sport::Sport;
use domain::stage::{StageError, StageInput};
use serde::Serialize;

/// The algorithms' version; raised whenever the same recording would give other figures.
pub const VERSION: i32 = 3;

/// What this stage writes: each field is one key of the workout's `computed`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The workout in detail.
    pub analysis: Analysis,
}

/// The workout in detail; what is `null` has its cause in `reasons`.
///
/// `splits` and `best_efforts` are absent from a recording of several sessions: they belong to
/// each session by itself (rule M1).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Analysis {
    /// The samples, thinned out for drawing.
    pub series: Option<Series>,
    /// The workout cut into kilometres and miles.
    #[serde(skip_serializing_if = "Skippable::is_skipped")]
    pub splits: Skippable<Splits>,
    /// The laps as the device made them.
    pub laps: Vec<LapFigures>,
    /// Seconds in zones.
    pub zones: Zones,
    /// Least times over fixed distances.
    #[serde(skip_serializing_if = "Skippable::is_skipped")]
    pub best_efforts: Skippable<Vec<BestEffort>>,
    /// Best mean power over fixed durations.
    pub mean_max_power: Option<Vec<MeanMaxPower>>,
    /// Best mean heart rate over fixed durations.
    pub mean_max_hr: Option<Vec<MeanMaxHr>>,
    /// How much the output per heart beat fell.
    pub decoupling: Decoupling,
    /// The balance of work above critical power.
    pub wprime: Option<WPrime>,
    /// Grade-adjusted speed by both models.
    pub gap: Gap,
    /// The lengths of a pool swim.
    pub lengths: Option<Vec<LengthFigures>>,
    /// How they were told apart; absent without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lengths_method: Option<LengthsMethod>,
    /// The active sets of a strength workout.
    pub sets: Option<Vec<SetFigures>>,
    /// The session against the attached plan.
    pub execution: Option<ExecutionFigures>,
    /// Why each `null` above is one.
    pub reasons: Reasons,
}

/// A figure that may not apply to a recording at all, and else may not be computable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Skippable<T> {
    /// It does not apply: the key is absent.
    Skipped,
    /// It applies: the value, or `null`.
    Applies(Option<T>),
}

impl<T> Skippable<T> {
    /// Whether the key is absent.
    pub fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped)
    }
}

/// Analyses a workout.
///
/// # Errors
/// `recording_too_long` when the samples span more than two weeks.
pub fn compute(input: &StageInput) -> Result<Output, StageError> {
    let signal = Signal::of(&input.recording)?;
    let recording = &input.recording;
    let athlete = &input.athlete;
    let stretches = Stretches::of(&signal);
    let (hr, power) = (signal.hr(), signal.power());
    let speed = signal.speed();
    let mut reasons = Reasons::new();

    let (splits, best_efforts) = if session::is_several(recording) {
        (Skippable::Skipped, Skippable::Skipped)
    } else {
        let splits = splits::splits(&signal, &stretches);
        let efforts = best_efforts::best_efforts(&signal);
        (
            Skippable::Applies(note(&mut reasons, "splits", splits)),
            Skippable::Applies(note(&mut reasons, "best_efforts", efforts)),
        )
    };
    let series = if signal.has_samples() {
        Ok(series::series(&signal))
    } else {
        Err(Reason::NoSamples)
    };
    let mean_max_power = mean_max::power(power);
    let mean_max_hr = mean_max::hr(hr);
    let wprime = wprime::wprime(&signal, power, athlete);
    let lengths = note(
        &mut reasons,
        "lengths",
        lengths::lengths(&signal, &stretches),
    );
    let (lengths_method, lengths) = lengths.unzip();
    // Nothing but the pace zones of a run asks for it.
    let timer_speed = if recording.sport == Sport::Run {
        signal.grid.timer_stream(&speed).collect()
    } else {
        Channel::default()
    };
    let seconds = Seconds {
        sport: recording.sport,
        recorded: signal.grid.recorded_s(),
        hr,
        power,
        speed: &timer_speed,
    };
    Ok(Output {
        analysis: Analysis {
            series: note(&mut reasons, "series", series),
            splits,
            laps: laps::laps(recording, &stretches),
            zones: zones::zones(&seconds, athlete, &mut reasons),
            best_efforts,
            mean_max_power: note(&mut reasons, "mean_max_power", mean_max_power),
            mean_max_hr: note(&mut reasons, "mean_max_hr", mean_max_hr),
            decoupling: decoupling::decoupling(&signal, hr, power, &speed, &mut reasons),
            wprime: note(&mut reasons, "wprime", wprime),
            gap: gap::gap(&signal, &mut reasons),
            lengths,
            lengths_method,
            sets: note(&mut reasons, "sets", sets::sets(recording)),
            execution: execution::execution(&signal, &stretches, hr, input, &mut reasons),
            reasons,
        },
    })
}
