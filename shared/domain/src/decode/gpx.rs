//! GPX files: track points with Garmin's and the common bare extensions.

use super::{
    DecodeError, moment,
    samples::{Sample, Samples, heart_rate, position},
    sports, xml,
};
use crate::recording::{Format, Recording};
use quick_xml::events::BytesStart;

/// Reads a GPX document.
pub(super) fn decode(text: &str) -> Result<Recording, DecodeError> {
    let mut track = Track::default();
    let whole = xml::walk(text, &mut track)?;
    let (sport, sub_sport) = sports::from_word(track.kind.as_deref().unwrap_or_default());
    let mut recording = track
        .samples
        .into_recording(Format::Gpx, sport, None)
        .ok_or(DecodeError::Undecodable)?;
    recording.sub_sport = sub_sport;
    recording.partial |= !whole;
    xml::count_steps(&mut recording, false);
    Ok(recording)
}

#[derive(Debug, Default)]
struct Track {
    samples: Samples,
    kind: Option<String>,
    in_track: bool,
    /// Links have types too, which are not the track's.
    in_link: bool,
    point: Option<Sample>,
    /// Whether the point has a time; without one it is no sample.
    timed: bool,
}

impl xml::Visitor for Track {
    fn open(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "trk" => self.in_track = true,
            "link" => self.in_link = true,
            _ => {}
        }
        if name != "trkpt" {
            return;
        }
        let degrees = |name| xml::attribute(element, name).and_then(|value| xml::number(&value));
        self.timed = false;
        self.point = Some(Sample {
            position: degrees("lat")
                .zip(degrees("lon"))
                .and_then(|(latitude, longitude)| position(latitude, longitude)),
            ..Sample::default()
        });
    }

    fn close(&mut self, name: &str, text: &str) {
        let Some(point) = &mut self.point else {
            match name {
                "trk" => self.in_track = false,
                "link" => self.in_link = false,
                "type" if self.in_track && !self.in_link && self.kind.is_none() => {
                    self.kind = Some(text.to_owned());
                }
                _ => {}
            }
            return;
        };
        match name {
            "trkpt" => {
                if self.timed {
                    self.samples.add(point);
                }
                self.point = None;
            }
            "time" => {
                if let Some(time_ms) = moment::from_xml(text) {
                    point.time_ms = time_ms;
                    self.timed = true;
                }
            }
            "ele" => point.altitude_m = xml::number(text),
            "hr" | "heartrate" => point.hr_bpm = xml::number(text).and_then(heart_rate),
            "cad" | "cadence" => point.cadence = xml::number(text),
            "atemp" | "temp" => point.temperature_c = xml::number(text),
            "power" | "watts" | "PowerInWatts" => point.power_w = xml::number(text),
            "speed" => point.speed_mps = xml::number(text),
            "distance" => point.distance_m = xml::number(text),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sport::Sport;

    fn gpx(points: &str) -> String {
        format!(
            "<gpx><trk><name>A &amp; B</name><type>9</type><trkseg>{points}</trkseg></trk></gpx>"
        )
    }

    #[test]
    fn a_point_with_extensions_is_a_sample() {
        let recording = decode(&gpx(
            r#"<trkpt lat="50.5" lon="5.25"><ele>473.8</ele><time>2019-09-20T14:10:03Z</time>
            <extensions><power>0</power><g:TrackPointExtension><g:atemp>-2</g:atemp>
            <g:hr>111</g:hr><g:cad>80</g:cad></g:TrackPointExtension></extensions></trkpt>
            <trkpt lat="50.5" lon="5.25"/>"#,
        ))
        .unwrap();
        assert_eq!(recording.sport, Sport::Run);
        assert!(!recording.partial);
        assert_eq!(recording.samples(), 1);
        assert_eq!(recording.latitude.get(0), Some(50.5));
        assert_eq!(recording.altitude_m.get(0), Some(473.8));
        assert_eq!(recording.power_w.get(0), Some(0.0));
        assert_eq!(recording.temperature_c.get(0), Some(-2.0));
        assert_eq!(recording.hr_bpm.get(0), Some(111.0));
        assert_eq!(recording.cadence.get(0), Some(160.0));
        assert!(recording.timer_events.is_empty());
    }

    #[test]
    fn only_the_tracks_own_type_names_the_sport() {
        let text = gpx(r#"<trkpt lat="1" lon="2"><time>2019-09-20T14:10:03Z</time></trkpt>"#)
            .replace(
                "<trk>",
                "<wpt><type>hiking</type></wpt><trk><link><type>text/html</type></link>",
            );
        assert_eq!(decode(&text).unwrap().sport, Sport::Run);
    }

    #[test]
    fn points_without_times_are_undecodable() {
        let result = decode(&gpx(r#"<trkpt lat="50.5" lon="5.25"></trkpt>"#));
        assert_eq!(result.map(|r| r.samples()), Err(DecodeError::Undecodable));
    }

    #[test]
    fn a_cut_document_is_partial() {
        let text = gpx(
            r#"<trkpt lat="1" lon="2"><time>2019-09-20T14:10:03Z</time></trkpt><trkpt lat="1" "#,
        );
        let cut = text
            .split_inclusive(r#"lat="1" "#)
            .take(2)
            .collect::<String>();
        let recording = decode(&cut).unwrap();
        assert!(recording.partial);
        assert_eq!(recording.samples(), 1);
    }
}
