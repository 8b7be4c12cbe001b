//! No secret may reach a log, whatever a test is about: every world's lines are looked at.

use local::identity::Identity;
use local::log::LogSink;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What the secrets, tokens and private texts of tests have in them.
pub const CANARY: &str = "canary";
/// What bearer tokens begin with (base64 of `{"`), and the generic provider's secrets.
const MARKS: [&str; 3] = [CANARY, "eyJ", "whsec_"];

/// Looks at every line of a world, and fails its test in the end when one holds a secret.
#[derive(Debug, Default)]
pub struct Watch {
    /// Known once the world has its keys.
    keys: Arc<OnceLock<Vec<String>>>,
    leaks: Arc<Mutex<Vec<String>>>,
}

impl Watch {
    /// The same log, watched.
    pub fn over(&self, log: LogSink) -> LogSink {
        let (keys, leaks) = (Arc::clone(&self.keys), Arc::clone(&self.leaks));
        LogSink::new(move |line| {
            let own = keys.get().map_or(&[][..], Vec::as_slice);
            let mut secrets = MARKS.into_iter().chain(own.iter().map(String::as_str));
            if secrets.any(|secret| line.text.contains(secret)) {
                let mut leaks = leaks.lock().unwrap_or_else(PoisonError::into_inner);
                leaks.push(format!("{}: {}", line.source, line.text));
            }
            log.write(line.source, line.text);
        })
    }

    /// Tells it the keys of the world.
    pub fn know(&self, identity: &Identity) {
        let keys = vec![
            identity.database_password().to_owned(),
            identity.token_key(),
        ];
        self.keys.set(keys).expect("a world has its keys once");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let leaks = self.leaks.lock().unwrap_or_else(PoisonError::into_inner);
        // A test that fails already says why.
        if !std::thread::panicking() {
            assert!(leaks.is_empty(), "secrets in the log: {leaks:#?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Whether a world that logs this fails its test.
    fn fails(text: &str) -> bool {
        let watch = Watch::default();
        watch.keys.set(vec!["hunter2".to_owned()]).unwrap();
        watch.over(LogSink::discard()).write("a function", text);
        catch_unwind(AssertUnwindSafe(|| drop(watch))).is_err()
    }

    #[test]
    fn a_line_that_holds_a_secret_fails_its_test() {
        for secret in [
            "canary-access",
            "Bearer eyJhbGciOi",
            "whsec_c2VjcmV0",
            "hunter2",
        ] {
            assert!(fails(&format!("asked with {secret}")), "{secret}");
        }
        assert!(!fails("asked with a token"));
    }
}
