//! The athlete's thresholds, as the command line gives them.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

/// What is known of the athlete; what is not given stays unknown.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Athlete {
    /// Functional threshold power, watts
    #[arg(long, value_name = "WATTS")]
    ftp: Option<f64>,
    /// Maximal heart rate, beats per minute
    #[arg(long, value_name = "BPM")]
    hr_max: Option<f64>,
    /// Resting heart rate, beats per minute
    #[arg(long, value_name = "BPM")]
    hr_rest: Option<f64>,
    /// Critical power, watts
    #[arg(long, value_name = "WATTS")]
    cp: Option<f64>,
    /// Work capacity above critical power (W′), joules
    #[arg(long, value_name = "JOULES")]
    wprime: Option<f64>,
    /// Sex, where a formula depends on it
    #[arg(long)]
    sex: Option<Sex>,
    /// IANA time zone for files without a UTC offset
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sex {
    M,
    F,
}

impl Athlete {
    /// The body of `PUT /athlete`; `None` when nothing was given and the profile stays as it is.
    pub(crate) fn profile(&self) -> Option<Value> {
        let thresholds: Map<String, Value> = [
            ("ftp_w", self.ftp),
            ("hr_max_bpm", self.hr_max),
            ("hr_rest_bpm", self.hr_rest),
            ("cp_w", self.cp),
            ("wprime_j", self.wprime),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))))
        .collect();
        if thresholds.is_empty() && self.sex.is_none() && self.time_zone.is_none() {
            return None;
        }
        let sex = self.sex.map(|sex| match sex {
            Sex::M => "m",
            Sex::F => "f",
        });
        let mut day = thresholds;
        // They hold for every recording there is: the first FIT device came decades later.
        day.insert("valid_from".to_owned(), json!("1970-01-01"));
        Some(json!({
            "sex": sex,
            "time_zone": self.time_zone.as_deref().unwrap_or("UTC"),
            "thresholds": [day],
        }))
    }
}
