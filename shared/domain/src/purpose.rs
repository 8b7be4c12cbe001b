//! What a client wants data for, because some of it may be had for one purpose and not for another.

use serde::{Deserialize, Serialize};

/// What a client wants data for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To show it to the athlete.
    Display,
    /// To give it to an AI: to train it, or in what it is asked.
    Ai,
}

impl Purpose {
    /// The name used in tokens, queries and statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Display => "display",
            Self::Ai => "ai",
        }
    }

    /// Reads back [`Self::as_str`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Display, Self::Ai]
            .into_iter()
            .find(|purpose| purpose.as_str() == name)
    }

    /// What both of two purposes allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Display, Self::Display) => Self::Display,
            (Self::Ai, _) | (_, Self::Ai) => Self::Ai,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_says_that_it_is_for_an_ai_is_believed() {
        use Purpose::{Ai, Display};

        assert_eq!(Display.and(Display), Display);
        for (one, other) in [(Ai, Display), (Display, Ai), (Ai, Ai)] {
            assert_eq!(one.and(other), Ai);
        }
    }
}
