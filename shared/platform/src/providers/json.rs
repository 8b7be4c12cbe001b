//! Pieces of JSON that several providers write in the same uneven ways.

use super::{About, Change, Event, Item, id};
use crate::problem::Problem;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// The most characters of a name.
const LONGEST_NAME: usize = 200;

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Whole(i64),
    Large(u64),
}

/// An id that comes as a number or as text; it is kept as text.
pub(super) fn text<'de, D: Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::deserialize(json)? {
        None => None,
        Some(TextOrNumber::Text(text)) => Some(text),
        Some(TextOrNumber::Whole(number)) => Some(number.to_string()),
        Some(TextOrNumber::Large(number)) => Some(number.to_string()),
    })
}

/// A figure that comes as a number or as decimal text; what is neither is absent.
pub(super) fn number<'de, D: Deserializer<'de>>(json: D) -> Result<Option<f64>, D::Error> {
    let number = match Value::deserialize(json)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    Ok(number.filter(|number: &f64| number.is_finite()))
}

/// What people call an activity, made fit to be stored; `None` when nothing is left.
pub(super) fn name(told: Option<String>) -> Option<String> {
    let name: String = told?
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    Some(name).filter(|name| !name.is_empty())
}

/// Reads a value into a type that says what is allowed.
pub(super) fn value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value)
        .map_err(|error| Problem::unprocessable("invalid", error.to_string()))
}

/// Reads the elements of a list, each by itself: a bad one must not keep the others from coming,
/// nor bring the whole list back for as long as the provider tries.
///
/// When no item comes out, the first problem is the answer.
pub(super) fn each<T>(
    elements: Vec<T>,
    read: impl Fn(T) -> Result<Option<Item>, Problem>,
) -> Result<Vec<Item>, Problem> {
    let (mut items, mut refused) = (Vec::new(), None);
    for element in elements {
        match read(element) {
            Ok(item) => items.extend(item),
            Err(problem) => {
                tracing::warn!(code = problem.code(), "an element of a delivery is refused");
                refused = refused.or(Some(problem));
            }
        }
    }
    match refused {
        Some(problem) if items.is_empty() => Err(problem),
        _ => Ok(items),
    }
}

/// The body that delivers one element of a list alone.
pub(super) fn alone(list: &str, element: &Value) -> Vec<u8> {
    json!({ list: [element] }).to_string().into_bytes()
}

/// What an announcement says.
pub(super) struct Announcement {
    /// What makes it the same announcement whenever it is repeated.
    pub(super) delivery_id: String,
    /// The athlete by the provider's account, and where in the JSON that is.
    pub(super) athlete: (Option<String>, &'static str),
    /// The activity, and where in the JSON that is.
    pub(super) activity: (Option<String>, &'static str),
    /// When it happened, by the provider.
    pub(super) occurred_at: Option<DateTime<Utc>>,
    /// What happened.
    pub(super) change: Change,
}

impl Announcement {
    /// The item.
    ///
    /// # Errors
    /// 400 when the athlete or the activity is missing; 422 when one of them cannot be stored.
    pub(super) fn item(self) -> Result<Item, Problem> {
        let account = id(self.athlete.0, "athlete_missing", self.athlete.1)?;
        let activity = id(self.activity.0, "activity_id_missing", self.activity.1)?;
        Ok(Item {
            delivery_id: self.delivery_id,
            account,
            occurred_at: self.occurred_at,
            about: About::Activity {
                id: activity,
                event: Event::Announced(self.change),
            },
            alone: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Both {
        #[serde(default, deserialize_with = "text")]
        id: Option<String>,
        #[serde(default, deserialize_with = "number")]
        figure: Option<f64>,
    }

    fn both(text: &str) -> Option<(Option<String>, Option<f64>)> {
        let both: Both = serde_json::from_str(text).ok()?;
        Some((both.id, both.figure))
    }

    #[test]
    fn ids_are_numbers_or_text_and_figures_are_too() {
        let id = |text: &str| Some(text.to_owned());
        assert_eq!(
            both(r#"{"id":7,"figure":"1.5"}"#),
            Some((id("7"), Some(1.5)))
        );
        assert_eq!(
            both(r#"{"id":18446744073709551615,"figure":2}"#),
            Some((id("18446744073709551615"), Some(2.0)))
        );
        assert_eq!(
            both(r#"{"id":"i7","figure":"NaN"}"#),
            Some((id("i7"), None))
        );
        assert_eq!(both(r#"{"id":null,"figure":null}"#), Some((None, None)));
        assert_eq!(both("{}"), Some((None, None)));
        assert_eq!(both(r#"{"id":1.5}"#), None);
        assert_eq!(both(r#"{"id":[]}"#), None);
    }

    #[test]
    fn a_name_is_made_fit_to_be_stored() {
        assert_eq!(name(Some(" a\0b\n ".to_owned())).as_deref(), Some("ab"));
        assert_eq!(name(Some("é".repeat(300))).unwrap().chars().count(), 200);
        assert_eq!(name(Some(" ".to_owned())), None);
    }
}
