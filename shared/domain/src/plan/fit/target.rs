//! Targets in a FIT workout step.

use super::{HR_OFFSET, MILLI, POWER_OFFSET};
use crate::athlete::Thresholds;
use crate::plan::{Target, TargetKind, ZONE, metres_of, unit_of};
use crate::signal::number::to_index;
use rustyfit::profile::typedef::WktStepTarget;

/// The greatest share of FTP that a bound can be, in per cent; and of the maximal heart rate.
const MOST_PCT: (f64, f64) = (1000.0, 100.0);

/// The four fields that make up a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    /// What is measured.
    pub(super) kind: u8,
    /// A zone, or 0 where the bounds are custom.
    pub(super) value: u32,
    /// The custom bounds.
    pub(super) low: Option<u32>,
    pub(super) high: Option<u32>,
}

impl Fields {
    pub(super) const OPEN: Self = Self::with_value(WktStepTarget::OPEN, 0);

    pub(super) const fn with_value(kind: WktStepTarget, value: u32) -> Self {
        Self {
            kind: kind.0,
            value,
            low: None,
            high: None,
        }
    }

    /// Writes a target; what is a share of a threshold that FIT does not know is resolved.
    pub(super) fn of(target: &Target, limits: &Thresholds) -> Result<Self, &'static str> {
        let kind = match target.kind {
            TargetKind::Open => return Ok(Self::OPEN),
            TargetKind::Pace => WktStepTarget::SPEED,
            TargetKind::Power => WktStepTarget::POWER,
            TargetKind::Hr => WktStepTarget::HEART_RATE,
            TargetKind::Cadence => WktStepTarget::CADENCE,
            TargetKind::Rpe => return Err("FIT has no target of perceived exertion"),
        };
        if target.ramp.is_some() {
            return Err("FIT has no ramps");
        }
        let (Some(low), Some(high)) = (target.low, target.high) else {
            return Err("FIT needs both ends of a target");
        };
        let unit = unit_of(target).ok_or("FIT has no such unit")?;
        let bound = |value: f64| whole(value).ok_or("FIT has no such number");
        let shifted =
            |value: f64, offset: u32| bound(value.max(1.0)).map(|v| v.saturating_add(offset));
        let share = |threshold: Option<f64>, missing| {
            let threshold = threshold.filter(|value| *value > 0.0);
            let of = |threshold| (low * threshold / 100.0, high * threshold / 100.0);
            threshold.map(of).ok_or(missing)
        };
        let speeds = |(low, high): (f64, f64)| {
            let low = bound(low * MILLI)?;
            bound(high * MILLI).map(|high| (low, high))
        };
        let (low, high) = match unit {
            ZONE if low < high => return Err("FIT has no range of zones"),
            ZONE => return Ok(Self::with_value(kind, bound(low)?)),
            "w" => (shifted(low, POWER_OFFSET)?, shifted(high, POWER_OFFSET)?),
            "pct_ftp" if high <= MOST_PCT.0 => (bound(low)?, bound(high)?),
            "bpm" => (shifted(low, HR_OFFSET)?, shifted(high, HR_OFFSET)?),
            "pct_hr_max" if high <= MOST_PCT.1 => (bound(low)?, bound(high)?),
            "pct_hr_threshold" => {
                let threshold = limits.hr_threshold_bpm.map(|bpm| bpm.get());
                let missing = "the athlete's heart rate at threshold is not known on that date";
                let (low, high) = share(threshold, missing)?;
                (shifted(low, HR_OFFSET)?, shifted(high, HR_OFFSET)?)
            }
            "rpm" => (bound(low)?, bound(high)?),
            "mps" => speeds((low, high))?,
            "pct_threshold_pace" => {
                let threshold = limits.threshold_speed_mps.map(|speed| speed.get());
                let missing = "the athlete's speed at threshold is not known on that date";
                speeds(share(threshold, missing)?)?
            }
            "pct_css" => {
                let css = limits.css_mps.map(|speed| speed.get());
                let missing = "the athlete's critical swim speed is not known on that date";
                speeds(share(css, missing)?)?
            }
            // A pace of more seconds is a slower one.
            _ => match metres_of(unit) {
                Some(metres) if low > 0.0 => speeds((metres / high, metres / low))?,
                Some(_) => return Err("FIT has no such number"),
                None => return Err("FIT has no such unit, or not so much of it"),
            },
        };
        Ok(Self {
            kind: kind.0,
            value: 0,
            low: Some(low),
            high: Some(high),
        })
    }

    /// Reads a target, but that of a swimmer's stroke.
    pub(super) fn read(self) -> Result<Target, &'static str> {
        let kind = match WktStepTarget(self.kind) {
            WktStepTarget::OPEN => return Ok(Target::default()),
            WktStepTarget::SPEED | WktStepTarget::SPEED_LAP => TargetKind::Pace,
            WktStepTarget::HEART_RATE | WktStepTarget::HEART_RATE_LAP => TargetKind::Hr,
            WktStepTarget::CADENCE => TargetKind::Cadence,
            // What is averaged over is the device's affair.
            WktStepTarget::POWER
            | WktStepTarget::POWER_3S
            | WktStepTarget::POWER_10S
            | WktStepTarget::POWER_30S
            | WktStepTarget::POWER_LAP => TargetKind::Power,
            _ => return Err("its target is of a kind that is not known here"),
        };
        if self.value > 0 {
            let zone = Some(f64::from(self.value));
            return Ok(Target {
                kind,
                low: zone,
                high: zone,
                unit: Some(ZONE.to_owned()),
                ramp: None,
            });
        }
        let (Some(low), Some(high)) = (self.low, self.high) else {
            return Err("its target has neither a zone nor two bounds");
        };
        let by_offset = |offset: u32, absolute, share| {
            let is_absolute = |value: u32| value > offset;
            if is_absolute(low) != is_absolute(high) {
                return Err("one bound of its target is absolute and the other a share");
            }
            if is_absolute(low) {
                Ok((absolute, f64::from(low - offset), f64::from(high - offset)))
            } else {
                Ok((share, f64::from(low), f64::from(high)))
            }
        };
        let (unit, low, high) = match kind {
            TargetKind::Power => by_offset(POWER_OFFSET, "w", "pct_ftp")?,
            TargetKind::Hr => by_offset(HR_OFFSET, "bpm", "pct_hr_max")?,
            TargetKind::Pace => ("mps", f64::from(low) / MILLI, f64::from(high) / MILLI),
            TargetKind::Cadence | TargetKind::Rpe | TargetKind::Open => {
                ("rpm", f64::from(low), f64::from(high))
            }
        };
        Ok(Target {
            kind,
            low: Some(low),
            high: Some(high),
            unit: Some(unit.to_owned()),
            ramp: None,
        })
    }
}

/// The nearest whole number, unless it is the one that means none.
pub(super) fn whole(value: f64) -> Option<u32> {
    let nearest = value.round();
    let number = u32::try_from(to_index(nearest)).ok();
    number.filter(|number| nearest >= 0.0 && *number < u32::MAX)
}
