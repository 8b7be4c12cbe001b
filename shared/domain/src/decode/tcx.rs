//! TCX files: laps of track points with Garmin's activity extension.

use super::{
    DecodeError, moment,
    samples::{Sample, Samples, heart_rate, position},
    sports, xml,
};
use crate::{
    recording::{Format, Lap, Recording, Session, Totals},
    sport::Sport,
};
use quick_xml::events::BytesStart;

/// More laps or activities than any file has that was not made to hurt.
const MAX_LAPS: usize = 20_000;
const MAX_ACTIVITIES: usize = 100;

/// Reads a TCX document.
pub(super) fn decode(text: &str) -> Result<Recording, DecodeError> {
    let mut database = Database::default();
    let whole = xml::walk(text, &mut database)?;
    database.finish(!whole).ok_or(DecodeError::Undecodable)
}

#[derive(Debug, Default)]
struct Database {
    samples: Samples,
    activities: Vec<Activity>,
    laps: Vec<RawLap>,
    place: Place,
    point: Sample,
    /// Whether the point has a time; without one it is no sample.
    timed: bool,
    latitude: Option<f64>,
    longitude: Option<f64>,
    in_heart_rate: bool,
    per_leg: bool,
    overflow: bool,
}

/// What the next element belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    Lap,
    Point,
}

#[derive(Debug, Default)]
struct Activity {
    sport: String,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    first_lap: usize,
}

#[derive(Debug, Default)]
struct RawLap {
    start_ms: Option<i64>,
    last_ms: Option<i64>,
    total_s: Option<f64>,
    distance_m: Option<f64>,
    calories_kcal: Option<f64>,
}

impl xml::Visitor for Database {
    fn open(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "Activity" => {
                if self.activities.len() >= MAX_ACTIVITIES {
                    self.overflow = true;
                    return;
                }
                self.activities.push(Activity {
                    sport: xml::attribute(element, "Sport")
                        .unwrap_or_default()
                        .into_owned(),
                    first_lap: self.laps.len(),
                    ..Activity::default()
                });
            }
            "Lap" => {
                self.place = Place::Lap;
                if self.laps.len() >= MAX_LAPS {
                    self.overflow = true;
                    return;
                }
                self.laps.push(RawLap {
                    start_ms: xml::attribute(element, "StartTime")
                        .and_then(|time| moment::from_xml(&time)),
                    ..RawLap::default()
                });
            }
            "Trackpoint" => {
                self.place = Place::Point;
                self.point = Sample::default();
                self.timed = false;
                (self.latitude, self.longitude) = (None, None);
            }
            "HeartRateBpm" => self.in_heart_rate = true,
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) {
        match self.place {
            Place::Point => self.close_in_point(name, text),
            Place::Lap => self.close_in_lap(name, text),
            Place::Outside => {}
        }
    }
}

impl Database {
    fn close_in_point(&mut self, name: &str, text: &str) {
        match name {
            "Trackpoint" => {
                self.place = Place::Lap;
                self.add_point();
            }
            "Time" => {
                if let Some(time_ms) = moment::from_xml(text) {
                    self.point.time_ms = time_ms;
                    self.timed = true;
                }
            }
            "LatitudeDegrees" => self.latitude = xml::number(text),
            "LongitudeDegrees" => self.longitude = xml::number(text),
            "AltitudeMeters" => self.point.altitude_m = xml::number(text),
            "DistanceMeters" => self.point.distance_m = xml::number(text),
            "Value" if self.in_heart_rate => {
                self.point.hr_bpm = xml::number(text).and_then(heart_rate);
            }
            "HeartRateBpm" => self.in_heart_rate = false,
            "Speed" => self.point.speed_mps = xml::number(text),
            "Watts" => self.point.power_w = xml::number(text),
            "Cadence" => self.point.cadence = self.point.cadence.or(xml::number(text)),
            "RunCadence" => {
                self.per_leg = true;
                self.point.cadence = xml::number(text).or(self.point.cadence);
            }
            _ => {}
        }
    }

    fn close_in_lap(&mut self, name: &str, text: &str) {
        if name == "Lap" {
            self.place = Place::Outside;
            return;
        }
        let Some(lap) = self.laps.last_mut() else {
            return;
        };
        match name {
            "TotalTimeSeconds" => lap.total_s = xml::number(text),
            "DistanceMeters" => lap.distance_m = xml::number(text),
            "Calories" => lap.calories_kcal = xml::number(text),
            _ => {}
        }
    }

    fn add_point(&mut self) {
        if !self.timed {
            return;
        }
        self.point.position = self
            .latitude
            .zip(self.longitude)
            .and_then(|(latitude, longitude)| position(latitude, longitude));
        self.samples.add(&self.point);
        let time = Some(self.point.time_ms);
        if let Some(activity) = self.activities.last_mut() {
            activity.start_ms = activity.start_ms.or(time);
            activity.end_ms = time;
        }
        if let Some(lap) = self.laps.last_mut() {
            lap.start_ms = lap.start_ms.or(time);
            lap.last_ms = time;
        }
    }

    fn finish(self, damaged: bool) -> Option<Recording> {
        let (sport, sub_sport) = match self.activities.as_slice() {
            [_, _, ..] => (Sport::Multisport, None),
            [activity] => sports::from_word(&activity.sport),
            [] => (Sport::Other, None),
        };
        let reported = self.laps.iter().find_map(|lap| lap.start_ms);
        let start_ms = self.samples.start_ms().or(reported)?;
        let mut recording = self.samples.into_recording(Format::Tcx, sport, reported)?;
        recording.partial |= damaged || self.overflow;
        recording.sub_sport = sub_sport;
        recording.totals = totals(&self.laps);
        let seconds = |ms: i64| moment::seconds(ms.saturating_sub(start_ms));
        recording.laps = self
            .laps
            .iter()
            .map(|lap| {
                let start_s = lap.start_ms.map_or(0.0, seconds);
                let by_total = lap.total_s.map_or(start_s, |total| start_s + total);
                Lap {
                    start_s,
                    // A pause is not in the total, but its end is in the points.
                    end_s: lap.last_ms.map_or(by_total, |ms| seconds(ms).max(by_total)),
                    timer_s: lap.total_s,
                    distance_m: lap.distance_m,
                    workout_step_index: None,
                }
            })
            .collect();
        if sport == Sport::Multisport {
            let nexts = self.activities.iter().skip(1);
            let ends = nexts.map(|next| next.first_lap).chain([self.laps.len()]);
            recording.sessions = self
                .activities
                .iter()
                .zip(ends)
                .filter_map(|(activity, end)| {
                    let laps = self.laps.get(activity.first_lap..end).unwrap_or_default();
                    let (sport, sub_sport) = sports::from_word(&activity.sport);
                    Some(Session {
                        sport,
                        sub_sport,
                        start_s: seconds(activity.start_ms?),
                        end_s: seconds(activity.end_ms?),
                        totals: totals(laps),
                    })
                })
                .collect();
        }
        xml::count_steps(&mut recording, self.per_leg);
        Some(recording)
    }
}

/// What laps report together.
fn totals(laps: &[RawLap]) -> Totals {
    let sum =
        |value: fn(&RawLap) -> Option<f64>| laps.iter().filter_map(value).reduce(|a, b| a + b);
    Totals {
        timer_s: sum(|lap| lap.total_s),
        distance_m: sum(|lap| lap.distance_m),
        calories_kcal: sum(|lap| lap.calories_kcal),
        ..Totals::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"<TrainingCenterDatabase><Activities><Activity Sport="Running">
        <Lap StartTime="2020-04-18T11:10:44.000Z"><TotalTimeSeconds>60.5</TotalTimeSeconds>
        <DistanceMeters>200</DistanceMeters><Calories>11</Calories>
        <AverageHeartRateBpm><Value>99</Value></AverageHeartRateBpm><Track>
        <Trackpoint><Time>2020-04-18T11:10:44Z</Time><Position>
        <LatitudeDegrees>52.5</LatitudeDegrees><LongitudeDegrees>6.5</LongitudeDegrees></Position>
        <DistanceMeters>0.5</DistanceMeters><HeartRateBpm><Value>121</Value></HeartRateBpm>
        <Extensions><ns3:TPX><ns3:Speed>2.5</ns3:Speed><ns3:RunCadence>81</ns3:RunCadence>
        <ns3:Watts>250</ns3:Watts></ns3:TPX></Extensions></Trackpoint>
        <Trackpoint><DistanceMeters>1</DistanceMeters></Trackpoint>
        </Track></Lap></Activity></Activities></TrainingCenterDatabase>"#;

    #[test]
    fn a_track_point_with_extensions_is_a_sample() {
        let recording = decode(DOCUMENT).unwrap();
        assert_eq!(recording.sport, Sport::Run);
        assert!(!recording.partial);
        assert_eq!(recording.samples(), 1);
        assert_eq!(recording.hr_bpm.get(0), Some(121.0));
        assert_eq!(recording.cadence.get(0), Some(162.0));
        assert_eq!(recording.power_w.get(0), Some(250.0));
        assert_eq!(recording.speed_mps.get(0), Some(2.5));
        assert_eq!(recording.longitude.get(0), Some(6.5));
        assert_eq!(recording.laps.len(), 1);
        assert!((recording.laps[0].end_s - 60.5).abs() < 1e-9);
        assert_eq!(recording.laps[0].distance_m, Some(200.0));
        assert_eq!(recording.totals.calories_kcal, Some(11.0));
    }

    #[test]
    fn several_activities_are_the_sessions_of_one_recording() {
        let second = DOCUMENT
            .replace("11:10", "11:20")
            .replace("Running", "Biking");
        let (head, _) = DOCUMENT.split_once("</Activities>").unwrap();
        let (_, tail) = second.split_once("<Activities>").unwrap();
        let recording = decode(&format!("{head}{tail}")).unwrap();
        assert_eq!(recording.sport, Sport::Multisport);
        let sessions: Vec<_> = recording
            .sessions
            .iter()
            .map(|session| (session.sport, session.start_s))
            .collect();
        assert_eq!(sessions, [(Sport::Run, 0.0), (Sport::Ride, 600.0)]);
    }

    #[test]
    fn laps_without_points_are_a_recording_without_samples() {
        let start = DOCUMENT.find("<Trackpoint>").unwrap();
        let end = DOCUMENT.find("</Track>").unwrap();
        let recording = decode(&format!("{}{}", &DOCUMENT[..start], &DOCUMENT[end..])).unwrap();
        assert_eq!(recording.samples(), 0);
        assert_eq!(recording.totals.timer_s, Some(60.5));
    }
}
