//! Hostile texts wherever a text may be: they are data.

use crate::people::{Body, Gate, Person, escape, rows};
use local::cloud::Start;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use support::routes::{Contract, Operation};
use support::world;

/// What stands in all of the victim's texts.
const WORD: &str = "canary-victim";

/// Texts that somebody may take for something else than a text.
fn hostile(victim: &str) -> Vec<Vec<u8>> {
    let texts = [
        "",
        " ",
        "' OR '1'='1",
        "'; DROP TABLE workouts; --",
        "x') UNION SELECT name, name FROM workouts --",
        "$1",
        "%",
        "_",
        "\\",
        "\\'; SELECT pg_sleep(30); --",
        "{\"$ne\": null}",
        "\"}, \"user_id\": \"x\", {\"\":\"",
        "[1,2",
        "null",
        "true",
        "NaN",
        "-1",
        "1e309",
        "0x7f",
        "9223372036854775808",
        "340282366920938463463374607431768211456",
        "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "2026-02-30",
        "9999-12-31",
        "-4713-01-01",
        "+262142-12-31",
        "infinity",
        "today",
        "..%2f..%2f..%2fetc/passwd",
        "x/../../health",
        "http://169.254.169.254/latest/meta-data/",
        "<script>alert(1)</script>",
        "${jndi:ldap://x/y}",
        "{{7*7}}",
        "a\0b",
        "a\r\nSet-Cookie: b=c",
        "\u{202e}txet",
        "\u{feff}",
        "\u{fffe}\u{10ffff}",
        "e\u{301}\u{301}\u{301}\u{301}",
        "𝕊👩‍👩‍👧‍👦",
        "٣",
    ];
    let mut texts: Vec<Vec<u8>> = texts.map(|text| text.as_bytes().to_vec()).to_vec();
    texts.push(b"\xff\xfe\xc0\x80".to_vec());
    texts.push(vec![b'9'; 3000]);
    texts.push("é".repeat(500).into_bytes());
    texts.push(format!("{victim}' OR user_id = '{victim}").into_bytes());
    texts
}

/// The paths in which one parameter of an operation is this text, and the others are somebody's own.
fn paths(operation: &Operation, own: &str, query: &str, text: &[u8]) -> Vec<String> {
    let text = escape(text);
    let parts = own.split('/').zip(operation.path.split('/'));
    let parts: Vec<(&str, bool)> = parts
        .map(|(own, name)| (own, name.starts_with('{')))
        .collect();
    let mut paths = Vec::new();
    for (index, _) in parts.iter().enumerate().filter(|(_, part)| part.1) {
        let mut changed: Vec<&str> = parts.iter().map(|part| part.0).collect();
        changed[index] = &text;
        paths.push(format!("{}{query}", changed.join("/")));
    }
    for parameter in operation.parameters_in("query") {
        paths.push(format!("{own}?{}={text}", parameter.name));
    }
    paths
}

/// Where the texts of a value are.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{at}/{index}"), found);
            }
        }
        Value::String(_) => found.push(at.to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Bodies in which one text is another, for each text that stands in none of those before.
fn changed(bodies: &[Body], text: &str) -> Vec<Value> {
    let bodies = bodies
        .iter()
        .filter_map(|(_, bytes)| serde_json::from_slice::<Value>(bytes).ok());
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for body in bodies {
        let mut found = Vec::new();
        pointers(&body, "", &mut found);
        for pointer in found {
            if seen.insert(pointer.clone()) {
                let mut body = body.clone();
                *body.pointer_mut(&pointer).unwrap() = text.into();
                all.push(body);
            }
        }
    }
    all
}

///
#[tokio::test]
async fn a_hostile_text_in_any_parameter_or_member_of_any_route_is_data() {
    let contract = Contract::read();
    let world = world!(Start::Paused);
    let victim = Person::join(&world, WORD).await;
    let somebody = Person::join(&world, "somebody").await;
    let gate = Gate::of(&world);
    let token = format!("Bearer {}", somebody.token(&world, "athlete"));
    let texts = hostile(&victim.user.to_string());
    let before = rows(&world, Some(victim.user)).await;

    let mut total = 0;
    for operation in &contract.operations {
        let own = somebody.path(operation);
        let query = somebody.query(&world, operation).await;
        let own_bodies = somebody.bodies(&contract, operation);
        let body = own_bodies.first().cloned();
        let mut requests = Vec::new();
        for text in &texts {
            for path in paths(operation, &own, &query, text) {
                requests.push((path, body.clone(), None));
            }
            let Ok(text) = str::from_utf8(text) else {
                continue;
            };
            for body in changed(&own_bodies, text) {
                let sent = ("application/json".to_owned(), body.to_string().into_bytes());
                requests.push((own.clone(), Some(sent), Some(body)));
            }
        }
        let mut seen = BTreeMap::<u16, usize>::new();
        for (path, body, sent) in &requests {
            let bytes = body
                .as_ref()
                .map_or("", |(_, bytes)| str::from_utf8(bytes).unwrap_or_default());
            // A webhook is believed, so that what it brings is read.
            let id = format!("msg_{}", total + seen.values().sum::<usize>());
            let (timestamp, signature) = world.sign(&id, bytes);
            let headers = [
                ("authorization", token.as_str()),
                ("webhook-id", &id),
                ("webhook-timestamp", &timestamp),
                ("webhook-signature", &signature),
            ];
            let heard = gate
                .ask_with(&operation.method, path, headers.into_iter(), body.as_ref())
                .await;
            let context = format!("{operation} as {path:.300} with {sent:?}: {heard:?}");
            assert!(heard.status < 500, "{context}");
            assert!(!heard.whole.contains(WORD), "it leaks: {context}");
            assert!(
                !heard.whole.to_lowercase().contains("\"set-cookie\""),
                "{context}"
            );
            // What is taken is kept as it came.
            let answer: Value = serde_json::from_str(&heard.text).unwrap_or_default();
            let sent_name = sent.as_ref().and_then(|sent| sent.get("name"));
            if let (200..300, Some(sent), Some(name)) =
                (heard.status, sent_name, answer.get("name"))
            {
                assert_eq!(sent, name, "{context}");
            }
            *seen.entry(heard.status).or_default() += 1;
        }
        assert_eq!(rows(&world, Some(victim.user)).await, before, "{operation}");
        total += requests.len();
        eprintln!(
            "{:<60} {:>5} requests {seen:?}",
            operation.to_string(),
            requests.len()
        );
    }
    eprintln!(
        "{} texts on {} routes: {total} requests",
        texts.len(),
        contract.operations.len()
    );
    world.stop().await;
}
