//! A walk over XML that keeps only what TCX and GPX need: names, attributes and text.

use super::DecodeError;
use crate::recording::Recording;
use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use std::borrow::Cow;

/// TCX and GPX nest about ten deep.
const MAX_DEPTH: usize = 64;
/// Times and numbers are short; a longer text is a name or a comment, and is not kept whole.
const MAX_TEXT_BYTES: usize = 256;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Takes in what [`walk`] finds, by local names: prefixes differ between writers.
pub(super) trait Visitor {
    /// An element begins.
    fn open(&mut self, name: &str, element: &BytesStart<'_>);
    /// An element ends; its text is what came after the last tag in it.
    fn close(&mut self, name: &str, text: &str);
}

/// The bytes as text, if they can be XML; what is not UTF-8 in it is replaced.
pub(super) fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let bytes = bytes.trim_ascii_start();
    bytes
        .starts_with(b"<")
        .then(|| String::from_utf8_lossy(bytes))
}

/// The kinds of document that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// Garmin's Training Center.
    Tcx,
    /// The GPS exchange format.
    Gpx,
}

/// What the document's root element says it is.
pub(super) fn root(text: &str) -> Result<Root, DecodeError> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                return match element.local_name().into_inner() {
                    "TrainingCenterDatabase" => Ok(Root::Tcx),
                    "gpx" => Ok(Root::Gpx),
                    _ => Err(DecodeError::UnknownFormat),
                };
            }
            Ok(Event::Eof) | Err(_) => return Err(DecodeError::UnknownFormat),
            // A document type may come before any root: go on, the walk refuses it.
            Ok(
                Event::DocType(_)
                | Event::End(_)
                | Event::Text(_)
                | Event::CData(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::GeneralRef(_),
            ) => {}
        }
    }
}

/// Walks the document as far as it is sound; whether that was to its end.
///
/// # Errors
///
/// A document type or an entity makes the whole document [`DecodeError::Undecodable`]: no device
/// writes them, and expanding them is how XML is made to explode.
pub(super) fn walk(text: &str, visitor: &mut impl Visitor) -> Result<bool, DecodeError> {
    let mut reader = Reader::from_str(text);
    let mut depth = 0usize;
    let mut content = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                depth = depth.saturating_add(1);
                if depth > MAX_DEPTH {
                    return Ok(false);
                }
                content.clear();
                visitor.open(element.local_name().into_inner(), &element);
            }
            Ok(Event::Empty(element)) => {
                content.clear();
                let name = element.local_name().into_inner();
                visitor.open(name, &element);
                visitor.close(name, "");
            }
            Ok(Event::End(element)) => {
                depth = depth.saturating_sub(1);
                visitor.close(element.local_name().into_inner(), content.trim());
                content.clear();
            }
            Ok(Event::Text(text)) => append(&mut content, &text.into_inner()),
            Ok(Event::CData(text)) => append(&mut content, &text.into_inner()),
            Ok(Event::GeneralRef(reference)) => {
                let c = character(&reference).ok_or(DecodeError::Undecodable)?;
                append(&mut content, c.encode_utf8(&mut [0; 4]));
            }
            Ok(Event::DocType(_)) => return Err(DecodeError::Undecodable),
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            Ok(Event::Eof) => return Ok(depth == 0),
            Err(_) => return Ok(false),
        }
    }
}

fn append(content: &mut String, text: &str) {
    if content.len().saturating_add(text.len()) <= MAX_TEXT_BYTES {
        content.push_str(text);
    }
}

/// The character that a reference stands for: by number, or one of the five of XML itself.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    if reference.is_char_ref() {
        return reference.resolve_char_ref().ok().flatten();
    }
    match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

/// A finite number.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// The attribute's value, as far as it is plain text.
pub(super) fn attribute<'a>(element: &'a BytesStart<'_>, name: &str) -> Option<Cow<'a, str>> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.value)
}

/// Doubles the cadence of sports on foot where it counts one leg, as most writers do.
///
/// The formats leave open what they count on foot. A mean of moving feet above 120 is steps:
/// nobody takes 240 steps per minute over an activity, and few walk with 60.
pub(super) fn count_steps(recording: &mut Recording, per_leg: bool) {
    const LEAST_STEPS: f64 = 120.0;
    if !per_leg && !recording.sport.is_on_foot() {
        return;
    }
    let moving = || recording.cadence.values().filter(|&cadence| cadence > 0.0);
    let count = moving().fold(0.0, |count, _| count + 1.0);
    if per_leg || (count > 0.0 && moving().sum::<f64>() / count < LEAST_STEPS) {
        recording.cadence = recording
            .cadence
            .iter()
            .map(|cadence| cadence.map(|cadence| cadence * 2.0))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Closed(Vec<(String, String)>);

    impl Visitor for Closed {
        fn open(&mut self, _: &str, _: &BytesStart<'_>) {}
        fn close(&mut self, name: &str, text: &str) {
            self.0.push((name.to_owned(), text.to_owned()));
        }
    }

    #[test]
    fn names_lose_their_prefix_and_references_become_characters() {
        let mut closed = Closed::default();
        let whole = walk("<a:b><c> x &amp; &#121; </c><d/></a:b>", &mut closed).unwrap();
        assert!(whole);
        let names: Vec<_> = closed
            .0
            .iter()
            .map(|(n, t)| (n.as_str(), t.as_str()))
            .collect();
        assert_eq!(names, [("c", "x & y"), ("d", ""), ("b", "")]);
    }

    #[test]
    fn document_types_and_entities_are_refused() {
        for text in [
            "<!DOCTYPE gpx [<!ENTITY a \"b\">]><gpx/>",
            "<gpx><name>&a;</name></gpx>",
        ] {
            assert_eq!(
                walk(text, &mut Closed::default()),
                Err(DecodeError::Undecodable)
            );
        }
    }

    #[test]
    fn cut_broken_and_bottomless_documents_are_not_whole() {
        let deep = "<a>".repeat(1000) + &"</a>".repeat(1000);
        for text in [
            "<a><b>1</b>",
            "<a><b>1</c></a>",
            "<a><b>1",
            "<a b=\"",
            &deep,
        ] {
            assert_eq!(walk(text, &mut Closed::default()), Ok(false), "{text}");
        }
    }

    #[test]
    fn the_root_is_found_behind_a_byte_order_mark_and_white_space() {
        let text = text(b"\xef\xbb\xbf \n<?xml version=\"1.0\"?><!-- a --><x:gpx/>").unwrap();
        assert_eq!(root(&text), Ok(Root::Gpx));
    }
}
