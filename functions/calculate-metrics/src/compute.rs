//! The stage itself: a recording in, its load and intensity out.

use crate::compliance::{self, Compliance};
use crate::heart_rate;
use crate::load::{self, Candidates};
use crate::pace::{self, Run};
use crate::power::{self, Power};
use domain::load::LoadMethod;
use domain::reason::{Reason, Reasons};
use domain::signal::figure::{note, settle};
use domain::signal::number::mean;
use domain::signal::{Signal, session, strength};
use domain::stage::{StageError, StageInput};
use serde::Serialize;

/// The algorithms' version; raised whenever the same recording would give other figures.
pub const VERSION: i32 = 3;

/// What this stage writes: each field is one key of the workout's `computed`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// Load and intensity.
    pub metrics: Metrics,
}

/// Load and intensity; what is `null` has its cause in `reasons`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics {
    /// Normalized Power in watts (rule P2).
    pub normalized_power_w: Option<f64>,
    /// Normalized Power over FTP (rule P3).
    pub intensity_factor: Option<f64>,
    /// Training Stress Score: 100 for an hour at FTP (rule P3).
    pub tss: Option<f64>,
    /// Normalized over average power (rule P3).
    pub variability_index: Option<f64>,
    /// Normalized Power over average heart rate, in watts per beat per minute (rule P3).
    pub efficiency_factor: Option<f64>,
    /// Skiba's xPower in watts (rule P2).
    pub xpower_w: Option<f64>,
    /// Banister's training impulse (rule H2).
    pub trimp_banister: Option<f64>,
    /// Edwards's training impulse (rule H2).
    pub trimp_edwards: Option<f64>,
    /// Load from heart rate: 100 for an hour at threshold heart rate.
    pub hr_tss: Option<f64>,
    /// Normalized graded speed of a run in metres per second (rules A1 and P2).
    pub normalized_graded_speed_mps: Option<f64>,
    /// Load of a run from its speed: 100 for an hour at threshold speed.
    pub run_tss: Option<f64>,
    /// Load of a swim from its speed: 100 for an hour at critical swim speed.
    pub swim_tss: Option<f64>,
    /// Foster's session load: the athlete's rating times minutes.
    pub session_rpe_load: Option<f64>,
    /// Volume load of a strength workout over body weight.
    pub strength_load: Option<f64>,
    /// The one load of the workout: 100 for an hour at threshold.
    pub load: Option<f64>,
    /// How `load` was found.
    pub load_method: Option<LoadMethod>,
    /// Done against planned.
    pub compliance: Option<Compliance>,
    /// Why each `null` above is one.
    pub reasons: Reasons,
}

/// Computes the load and intensity of a workout.
///
/// # Errors
/// `recording_too_long` when the samples span more than two weeks.
pub fn compute(input: &StageInput) -> Result<Output, StageError> {
    let recording = &input.recording;
    let signal = Signal::of(recording)?;
    let grid = &signal.grid;
    let limits = &input.athlete.thresholds;
    let (watts, hr) = (signal.power(), signal.hr());
    let absent = |reason| {
        if grid.is_empty() {
            Reason::NoSamples
        } else {
            reason
        }
    };

    let ftp = limits
        .ftp_w
        .map(|ftp| ftp.get())
        .filter(|ftp| *ftp > 0.0)
        .ok_or(Reason::NoFtp);
    let power = Power::of(watts).map_err(absent);
    let average_hr = mean(hr.values()).ok_or(absent(Reason::NoHeartRate));
    let normalized = power.and_then(|power| power.normalized_w);
    let banister = heart_rate::banister(hr, &input.athlete).map_err(absent);
    let edwards = heart_rate::edwards(hr, limits.hr_max_bpm).map_err(absent);
    let variability = power.and_then(|power| power.variability_index());
    let efficiency = normalized.and_then(|watts| Ok(watts / average_hr?));
    let intensity = normalized.and_then(|watts| Ok(watts / ftp?));
    let tss = power.and_then(|power| power.training_stress(ftp?));
    let hr_tss = heart_rate::stress(banister, &input.athlete);
    let run = Run::of(&signal);
    let run_tss = run.and_then(|run| run.stress(limits));
    let swim_tss = pace::swim_stress(&signal, limits);
    let session_rpe = load::session_rpe(recording);
    let volume = strength::strength(recording)
        .and_then(|strength| strength.volume_kg.ok_or(Reason::NotReported));
    let candidates = Candidates {
        power: tss,
        run: run_tss,
        swim: swim_tss,
        heart_rate: hr_tss,
        session_rpe,
    };
    // Whoever adds up loads counts the sessions, and must not count them twice.
    let load = if session::is_several(recording) {
        Err(Reason::PerSession)
    } else {
        candidates.choose(recording.sport)
    };

    let mut reasons = Reasons::new();
    Ok(Output {
        metrics: Metrics {
            normalized_power_w: settle(&mut reasons, "normalized_power_w", normalized),
            intensity_factor: settle(&mut reasons, "intensity_factor", intensity),
            tss: settle(&mut reasons, "tss", tss),
            variability_index: settle(&mut reasons, "variability_index", variability),
            efficiency_factor: settle(&mut reasons, "efficiency_factor", efficiency),
            xpower_w: settle(
                &mut reasons,
                "xpower_w",
                power.and_then(|_| power::xpower(watts.values()).ok_or(Reason::NoPower)),
            ),
            trimp_banister: settle(&mut reasons, "trimp_banister", banister),
            trimp_edwards: settle(&mut reasons, "trimp_edwards", edwards),
            hr_tss: settle(&mut reasons, "hr_tss", hr_tss),
            normalized_graded_speed_mps: settle(
                &mut reasons,
                "normalized_graded_speed_mps",
                run.map(|run| run.normalized_mps),
            ),
            run_tss: settle(&mut reasons, "run_tss", run_tss),
            swim_tss: settle(&mut reasons, "swim_tss", swim_tss),
            session_rpe_load: settle(&mut reasons, "session_rpe_load", session_rpe),
            strength_load: settle(
                &mut reasons,
                "strength_load",
                load::strength(volume, limits.weight_kg),
            ),
            load: settle(&mut reasons, "load", load.map(|(_, load)| load)),
            load_method: note(&mut reasons, "load_method", load.map(|(method, _)| method)),
            compliance: compliance::compliance(
                &signal,
                load.map(|(_, load)| load),
                &input.athlete,
                input.plan.as_ref(),
                &mut reasons,
            ),
            reasons,
        },
    })
}
