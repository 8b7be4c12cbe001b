//! The units of targets: one table for what is accepted, what is stored and what is said about it.

use super::{Target, TargetKind};
use crate::units::MILE_M;
use std::borrow::Cow;

/// The unit of a whole zone number.
pub const ZONE: &str = "zone";
/// The greatest number that a target may hold, of whatever unit.
const GREATEST: f64 = 100_000.0;

/// Units of each kind of target, the one that is meant where none is given first.
const UNITS: [(TargetKind, &[&str]); 5] = [
    (
        TargetKind::Pace,
        &[
            "s_per_km",
            "s_per_mile",
            "s_per_100m",
            "s_per_100yd",
            "s_per_500m",
            "mps",
            "pct_threshold_pace",
            "pct_css",
            ZONE,
        ],
    ),
    (TargetKind::Power, &["w", "pct_ftp", ZONE]),
    (
        TargetKind::Hr,
        &["bpm", "pct_hr_max", "pct_hr_threshold", ZONE],
    ),
    (TargetKind::Rpe, &["rpe"]),
    (TargetKind::Cadence, &["rpm", "spm", "strokes_per_min"]),
];

/// Other spellings that were accepted before there was a list.
const ALIASES: [(&str, &str); 10] = [
    ("watt", "w"),
    ("watts", "w"),
    ("%ftp", "pct_ftp"),
    ("percent_ftp", "pct_ftp"),
    ("%hr_max", "pct_hr_max"),
    ("percent_hr_max", "pct_hr_max"),
    ("%hr_threshold", "pct_hr_threshold"),
    ("percent_hr_threshold", "pct_hr_threshold"),
    ("s_per_mi", "s_per_mile"),
    ("m_per_s", "mps"),
];

/// The units that a kind of target may have, its default first; none of an open one.
pub fn units(kind: TargetKind) -> &'static [&'static str] {
    let found = UNITS.iter().find(|(of, _)| *of == kind);
    found.map_or(&[], |(_, units)| units)
}

/// The one spelling of a target's unit; `None` where its kind has no such unit.
pub fn unit_of(target: &Target) -> Option<&'static str> {
    let given = target.unit.as_deref().map(str::trim).unwrap_or_default();
    let given = given.to_ascii_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == given);
    let given = alias.map_or(given.as_str(), |(_, unit)| unit);
    let known = units(target.kind);
    if given.is_empty() {
        return known.first().copied();
    }
    known.iter().find(|unit| **unit == given).copied()
}

/// The metres that a unit of pace counts seconds for; `None` of any other unit.
pub fn metres_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "s_per_km" => 1000.0,
        "s_per_mile" => MILE_M,
        "s_per_100m" => 100.0,
        "s_per_100yd" => 91.44,
        "s_per_500m" => 500.0,
        _ => return None,
    })
}

/// The greatest zone of a kind of target (Coggan's power, Edwards' heart rate, Friel's pace).
pub fn zones(kind: TargetKind) -> f64 {
    if kind == TargetKind::Hr { 5.0 } else { 7.0 }
}

impl Target {
    /// Writes the unit out and refuses what cannot be meant: the member that is wrong, and why.
    pub(super) fn normalise(&mut self) -> Result<(), (&'static str, Cow<'static, str>)> {
        if self.kind == TargetKind::Open {
            let empty = self.low.is_none() && self.high.is_none() && self.ramp.is_none();
            if !empty {
                return Err(("", "an open target has no bounds".into()));
            }
            self.unit = None;
            return Ok(());
        }
        let Some(unit) = unit_of(self) else {
            let known = units(self.kind).join(", ");
            return Err(("/unit", format!("must be one of {known}").into()));
        };
        self.unit = Some(unit.to_owned());
        let ends = [("/low", self.low), ("/high", self.high)];
        for (member, end) in ends {
            let (least, greatest) = match unit {
                ZONE => (1.0, zones(self.kind)),
                "rpe" => (0.0, 10.0),
                _ => (0.0, GREATEST),
            };
            let Some(end) = end else { continue };
            if !(least..=greatest).contains(&end) {
                return Err((member, format!("must be {least} to {greatest}").into()));
            }
            if unit == ZONE && end.fract() > 0.0 {
                return Err((member, "a zone is a whole number".into()));
            }
        }
        match (self.low, self.high) {
            (None, None) => Err(("", "needs low, high or both".into())),
            (Some(low), Some(high)) if low > high => Err(("", "low is above high".into())),
            (Some(low), Some(high)) if self.ramp.is_some() && low >= high => {
                Err(("/ramp", "a ramp needs two ends that differ".into()))
            }
            (None, Some(_)) | (Some(_), None) if self.ramp.is_some() => {
                Err(("/ramp", "a ramp needs both ends".into()))
            }
            _ => Ok(()),
        }
    }
}
