//! A place in a text, and what is wrong there.

use thiserror::Error;

/// The longest number that is read, in characters: more than any that is printed.
const LONGEST_NUMBER: usize = 400;

/// Where a text cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct TextError {
    /// Line, counted from 1.
    pub line: usize,
    /// Character of the line, counted from 1.
    pub column: usize,
    /// What was expected, or what is wrong.
    pub problem: String,
}

/// Reads a text from its start to its end.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Reads on while characters are so, and returns them.
    pub(crate) fn take_while(&mut self, is_so: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !is_so(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Reads on over blanks of one line.
    pub(crate) fn blanks(&mut self) {
        self.take_while(|c| c.is_whitespace() && c != '\n');
    }

    /// Whether these characters come next, in whatever case; they are read then.
    pub(crate) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().get(..expected.len());
        let is_next = found.is_some_and(|found| found.eq_ignore_ascii_case(expected));
        if is_next {
            self.at += expected.len();
        }
        is_next
    }

    /// The letters that come next, not read yet.
    pub(crate) fn word(&self) -> &'t str {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        rest.get(..length).unwrap_or_default()
    }

    /// Whether this whole word comes next, in whatever case; it is read then.
    pub(crate) fn eat_word(&mut self, expected: &str) -> bool {
        self.word().eq_ignore_ascii_case(expected) && self.eat(expected)
    }

    /// A number without sign.
    pub(crate) fn number(&mut self) -> Result<f64, TextError> {
        let start = self.clone();
        let mut ahead = self.clone();
        let whole = ahead.take_while(|c| c.is_ascii_digit());
        let mut length = whole.len();
        let mut part = ahead.clone();
        if part.eat(".") {
            let digits = part.take_while(|c| c.is_ascii_digit());
            if !digits.is_empty() {
                length += 1 + digits.len();
            }
        }
        let digits = self.rest().get(..length).unwrap_or_default();
        let value: Option<f64> = digits.parse().ok();
        match value.filter(|_| !whole.is_empty() && length <= LONGEST_NUMBER) {
            Some(value) if value.is_finite() => {
                self.at += length;
                Ok(value)
            }
            _ => Err(start.expected("a number")),
        }
    }

    /// A quoted text, in which `\"`, `\\`, `\n`, `\r` and `\t` are written so.
    pub(crate) fn quoted(&mut self) -> Result<String, TextError> {
        let start = self.clone();
        if !self.eat("\"") {
            return Err(start.expected("a text in \"quotes\""));
        }
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(match self.next() {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some(c @ ('"' | '\\')) => c,
                    _ => return Err(self.error("after \\ comes one of \" \\ n r t")),
                }),
                Some('\n') | None => return Err(start.error("these quotes are not closed")),
                Some(c) => text.push(c),
            }
        }
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> TextError {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        TextError {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            problem: problem.into(),
        }
    }

    /// An error that says what should be here and what is.
    pub(crate) fn expected(&self, expected: &str) -> TextError {
        let rest = self.rest();
        let found: String = rest
            .chars()
            .take_while(|c| !c.is_whitespace())
            .take(20)
            .collect();
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some('\n') => "the end of the line".to_owned(),
            Some(_) if found.is_empty() => "a blank".to_owned(),
            Some(_) => format!("{found:?}"),
        };
        self.error(format!("expected {expected}, found {found}"))
    }
}
