//! What the function logs, heard as it is said.

use crate::Gym;
use local::log::LogSink;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The lines of the function that saves logs, in the order in which they were said.
pub(crate) struct Lines {
    said: UnboundedSender<Value>,
    heard: Arc<Mutex<UnboundedReceiver<Value>>>,
}

impl Default for Lines {
    fn default() -> Self {
        let (said, heard) = unbounded_channel();
        Self {
            said,
            heard: Arc::new(Mutex::new(heard)),
        }
    }
}

impl Lines {
    pub(crate) fn sink(&self) -> LogSink {
        let said = self.said.clone();
        LogSink::new(move |line| {
            if line.source.starts_with("save-workout-log")
                && let Ok(line) = serde_json::from_str(line.text)
            {
                // Nobody listens any more when the test is over.
                said.send(line).unwrap_or_default();
            }
        })
    }

    /// Waits for the next line with one of these codes, past those without.
    pub(crate) async fn next(&self, codes: &[&str]) -> Value {
        let mut heard = self.heard.lock().await;
        loop {
            let line = heard.recv().await.unwrap();
            if codes.iter().any(|code| line["code"] == *code) {
                return line;
            }
        }
    }

    /// What was said of the next save.
    pub(crate) async fn save(&self) -> Value {
        self.next(&["log_saved", "log_not_saved"]).await
    }
}

/// L-31
#[tokio::test]
async fn every_save_is_one_line_with_what_was_decided_and_why_and_what_it_cost() {
    let gym = Gym::open().await;
    let path = gym.path(0, 0);
    let body = json!({"notes": "canary: heavy", "exercises": gym.exercises(&[0, 1], 5)});

    let made = gym.save(&path, &body).await;
    let log = &made["log"]["log_id"];
    let line = gym.lines.save().await;
    assert_eq!(line["code"], "log_saved");
    assert_eq!((&line["action"], &line["log.id"]), (&json!("save"), log));
    assert_eq!(
        (&line["outcome"], &line["why"]),
        (&json!("created"), &json!("place_absent"))
    );
    assert_eq!(
        (&line["cache"], &line["cache_hit"]),
        (&json!("miss"), &json!(0))
    );
    assert_eq!((&line["rows"], &line["tries"]), (&json!(3), &json!(1)));
    assert!(line["duration_ms"].is_u64() && line["statements"].is_u64());
    assert!(line["span"]["correlation_id"].is_string());

    gym.save(&path, &body).await;
    let line = gym.lines.save().await;
    assert_eq!(
        (&line["outcome"], &line["why"]),
        (&json!("unchanged"), &json!("cached_id"))
    );
    assert_eq!((&line["cache_hit"], &line["rows"]), (&json!(1), &json!(0)));

    let stale = gym.put(&path, &json!({"version": 9, "name": "x"})).await;
    assert_eq!(stale.status, 409);
    let line = gym.lines.save().await;
    assert_eq!(
        (&line["code"], &line["class"]),
        (&json!("log_not_saved"), &json!("version_conflict"))
    );
    assert_eq!(
        (&line["log.id"], &line["cause"]),
        (log, &json!("log_version_conflict"))
    );

    gym.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RAISE EXCEPTION ''a cause'' USING ERRCODE = ''42501''; END';
         CREATE TRIGGER refuse BEFORE UPDATE ON workout_logs FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    .await;
    let refused = gym.put(&path, &json!({"name": "x"})).await;
    assert_eq!((refused.status, refused.code()), (500, "internal"));
    assert!(!refused.body.to_string().contains("cause"));
    let line = gym.lines.save().await;
    assert_eq!(
        (&line["class"], &line["sqlstate"]),
        (&json!("internal"), &json!("42501"))
    );
    gym.world.send(Method::GET, &path, "").await;
    gym.world.stop().await;
}
