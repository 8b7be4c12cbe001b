//! Finding the function that answers a request.

use std::collections::BTreeMap;

/// A route and the function behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRoute {
    /// Method in capitals.
    pub method: String,
    /// Path with `{name}` for a variable segment.
    pub path: String,
    /// Name of the function.
    pub function: String,
}

/// The routes of an HTTP API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes(Vec<HttpRoute>);

/// A route that fits a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) route: &'a HttpRoute,
    /// The path with its escapes decoded, as an HTTP API passes it on.
    pub(super) path: String,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Routes {
    /// Orders routes so that a literal segment wins over a variable one.
    #[must_use]
    pub fn new(mut routes: Vec<HttpRoute>) -> Self {
        routes.sort_by_cached_key(|route| {
            let segments = route.path.split('/');
            segments
                .map(|segment| variable(segment).is_some())
                .collect::<Vec<_>>()
        });
        Self(routes)
    }

    /// Finds the route of a request.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Found<'_>> {
        let segments: Vec<String> = path.split('/').map(decode).collect();
        self.0
            .iter()
            .filter(|route| route.method == method)
            .find_map(|route| {
                let parameters = fit(&route.path, &segments)?;
                Some(Found {
                    route,
                    path: segments.join("/"),
                    parameters,
                })
            })
    }
}

fn fit(pattern: &str, segments: &[String]) -> Option<BTreeMap<String, String>> {
    let pattern: Vec<&str> = pattern.split('/').collect();
    if pattern.len() != segments.len() {
        return None;
    }
    let mut parameters = BTreeMap::new();
    for (pattern, segment) in pattern.iter().zip(segments) {
        match variable(pattern) {
            Some(_) if segment.is_empty() => return None,
            Some(name) => {
                parameters.insert(name.to_owned(), segment.clone());
            }
            None if pattern == segment => {}
            None => return None,
        }
    }
    Some(parameters)
}

fn variable(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Decodes `%41` to `A`; leaves what is no escape, and what is not UTF-8 is replaced.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        match rest {
            [] => return String::from_utf8_lossy(&bytes).into_owned(),
            [b'%', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                rest = tail;
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => digit.wrapping_sub(b'0'),
    }
}
