//! What people are known by: an address, a name and a password's bounds.

/// The longest address (RFC 5321, section 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;
/// The longest name that others see, in characters.
const LONGEST_NAME: usize = 100;
/// The shortest password, in characters: below fifteen, a second factor is asked for by NIST SP 800-63B-4;
/// eight is its lowest for one that has it.
pub const SHORTEST_PASSWORD: usize = 12;
/// The longest password, in bytes, so that nobody has us hash a novel.
pub const LONGEST_PASSWORD: usize = 256;

/// An e-mail address that could be one. Whether it is, only a letter to it would tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads an address of printable ASCII: two that look alike must not be two people's.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, host) = text.rsplit_once('@')?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_one = !local.is_empty() && !local.contains('@') && local.len() <= 64;
        let has_host = host.split('.').all(|label| !label.is_empty());
        (is_plain && is_one && has_host && text.len() <= LONGEST_EMAIL)
            .then(|| Self(text.to_owned()))
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two writings of one address have in common, as the database makes it.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Whether others may be shown this name: it is not empty, not long, and hides nothing.
pub fn is_name(text: &str) -> bool {
    let length = text.chars().count();
    (1..=LONGEST_NAME).contains(&length)
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || is_invisible(c))
}

/// Characters that turn a text around or take no room (Unicode's bidirectional controls and zero widths).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether a password may be chosen.
pub fn is_password(text: &str) -> bool {
    text.chars().count() >= SHORTEST_PASSWORD && text.len() <= LONGEST_PASSWORD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_one_however_it_is_written() {
        let written = Email::parse("Ada.Lovelace@Example.ORG").unwrap();
        assert_eq!(written.as_str(), "Ada.Lovelace@Example.ORG");
        assert_eq!(written.key(), "ada.lovelace@example.org");
    }

    #[test]
    fn what_cannot_be_an_address_is_none() {
        let long = format!("{}@example.org", "a".repeat(250));
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c.d",
            "a@b@c.d",
            "a@b..c",
            "a@.c",
            "ä@example.org",
            "a@exa\u{200b}mple.org",
            "a\0@b.c",
            &long,
        ] {
            assert_eq!(Email::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_name_hides_nothing() {
        assert!(is_name("Ada"));
        assert!(is_name("Søren Ærø 🏊"));
        for text in ["", " Ada", "A\nda", "\u{202e}adA", "A\u{200b}da"] {
            assert!(!is_name(text), "{text:?}");
        }
        assert!(is_name(&"é".repeat(100)));
        assert!(!is_name(&"é".repeat(101)));
    }

    #[test]
    fn a_password_is_neither_short_nor_a_novel() {
        assert!(!is_password("eleven char"));
        assert!(is_password("twelve chars"));
        assert!(is_password(&"x".repeat(256)));
        assert!(!is_password(&"x".repeat(257)));
        assert!(is_password(&"ö".repeat(128)));
        assert!(!is_password(&"ö".repeat(129)));
    }
}
