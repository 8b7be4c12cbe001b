//! What becomes of a provider's answers.

use super::api::{Answer, Refusal};
use super::source::Fetched;
use domain::decode::{Activity, decode_file};
use domain::recording::Recording;
use domain::sport::Sport;
use lambda_http::http::StatusCode;

/// The answer, unless the provider says that there is no such thing.
///
/// # Errors
/// [`Refusal::Unusable`] for any other answer than that.
pub(super) fn found(answer: Answer) -> Result<Option<Answer>, Refusal> {
    match answer.status {
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::NO_CONTENT => Ok(None),
        status if status.is_success() => Ok(Some(answer)),
        status => {
            let what = format!("it answered {}", status.as_u16());
            Err(Refusal::Unusable(what))
        }
    }
}

/// A stranger's id as a part of a path.
///
/// # Errors
/// [`Refusal::Unusable`] when it could lead elsewhere.
pub(super) fn part(id: &str) -> Result<&str, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte);
    if !id.is_empty() && id.bytes().all(plain) && id.bytes().any(|byte| byte != b'.') {
        return Ok(id);
    }
    Err(Refusal::Unusable(
        "an id cannot be part of a path".to_owned(),
    ))
}

/// An activity that the provider told in its own words.
///
/// # Errors
/// [`Refusal::Unusable`] when it is not acceptable all the same.
pub(super) fn brought(
    name: Option<String>,
    activity: Activity,
    more_later: bool,
) -> Result<Fetched, Refusal> {
    let recording = activity
        .believable()
        .into_recording()
        .map_err(|error| Refusal::Unusable(error.to_string()))?;
    Ok(Fetched::Brought {
        name,
        recording: Box::new(recording),
        more_later,
    })
}

/// An activity as its file has it; what the provider tells beside it fills the gaps, and stands
/// alone when the file cannot be read.
///
/// # Errors
/// [`Refusal::Unusable`] when neither is acceptable.
pub(super) fn from_file(
    name: Option<String>,
    bytes: &[u8],
    beside: Option<Activity>,
) -> Result<Fetched, Refusal> {
    match (decoded(bytes, beside.as_ref()), beside) {
        (Some(recording), _) => Ok(whole(name, recording)),
        (None, Some(beside)) => brought(name, beside, false),
        (None, None) => Err(Refusal::Unusable("its file cannot be read".to_owned())),
    }
}

/// A recording that will not get better later.
pub(super) fn whole(name: Option<String>, recording: Recording) -> Fetched {
    Fetched::Brought {
        name,
        recording: Box::new(recording),
        more_later: false,
    }
}

/// A file's recording; what the provider tells beside it fills the gaps.
pub(super) fn decoded(bytes: &[u8], beside: Option<&Activity>) -> Option<Recording> {
    let mut recording = match decode_file(bytes) {
        Ok(recording) => recording,
        Err(error) => {
            tracing::warn!(code = error.code(), "a provider's file cannot be read");
            return None;
        }
    };
    if let Some(beside) = beside {
        fill(&mut recording, beside.clone().believable());
    }
    Some(recording)
}

/// Fills in the sport and the offset that a file does not tell.
fn fill(recording: &mut Recording, beside: Activity) {
    let sport = Sport::from_name(&beside.sport).unwrap_or(Sport::Other);
    if recording.sport == Sport::Other && sport != Sport::Other {
        (recording.sport, recording.sub_sport) = (sport, beside.sub_sport);
    }
    recording.utc_offset_s = recording.utc_offset_s.or(beside.utc_offset_s);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_lead_elsewhere_is_no_part_of_a_path() {
        for id in ["12", "3f0c-6a_5e", "a.b"] {
            assert_eq!(part(id).unwrap(), id);
        }
        for id in [
            "", ".", "..", "a/b", "a?b", "a%2fb", "a\\b", "é", "a b", "a\0",
        ] {
            assert!(part(id).is_err(), "{id}");
        }
    }
}
