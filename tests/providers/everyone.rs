//! What is the same for all providers, tested at once: who is not let in, and what is not logged.

use crate::doors::{Door, Told, Visit};
use crate::post::{Credential, Post};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use support::provider::{Provider, Reply};

/// Every provider but the generic one, which has tests of its own everywhere.
const ALL: &[&Door] = &[
    &crate::coros::DOOR,
    &crate::garmin::DOOR,
    &crate::hevy::DOOR,
    &crate::intervals::DOOR,
    &crate::polar::DOOR,
    &crate::strava::DOOR,
    &crate::suunto::DOOR,
    &crate::wahoo::DOOR,
    &crate::whoop::DOOR,
];

/// Sources of the providers: a file each, or a folder with one of that name.
fn sources() -> impl Iterator<Item = String> {
    let folder = "../shared/platform/src/providers";
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).unwrap();
    entries.filter_map(|entry| {
        let path = entry.unwrap().path();
        let path = if path.is_dir() {
            path.join("mod.rs")
        } else {
            path
        };
        std::fs::read_to_string(path).ok()
    })
}

#[test]
fn every_provider_that_there_is_has_a_folder_here() {
    let name = |source: String| -> Option<String> {
        let (_, name) = source.split_once("pub const NAME: &str = \"")?;
        Some(name.split('"').next()?.to_owned())
    };
    let mut there: Vec<String> = sources().filter_map(name).collect();
    there.retain(|name| name != "paceline");
    there.sort();

    let here: Vec<&str> = ALL.iter().map(|door| door.name).collect();

    assert_eq!(there, here);
}

/// P-02
#[tokio::test]
async fn a_provider_that_is_not_configured_believes_nobody() {
    let visit = Visit::with(BTreeMap::new(), Provider::start().await).await;
    for door in ALL {
        visit.connect(door).await;
    }
    let before = visit.rows().await;

    for door in ALL {
        let told = visit.post(door, &visit.told(door, 0)).await;
        assert_eq!(
            (told.status, told.code()),
            (401, "provider_not_configured"),
            "{}",
            door.name
        );
    }

    assert_eq!(visit.rows().await, before);
    visit.stop().await;
}

/// P-09, P-10
#[tokio::test]
async fn a_believed_delivery_of_nothing_or_nobody_known_is_refused_by_code() {
    let visit = Visit::open(ALL).await;
    let before = visit.rows().await;

    for door in ALL {
        let (account, activity) = (Some(door.account), Some(door.activity));
        for (account, activity, refusal) in [
            (account, activity, (422, "unknown_athlete")),
            (account, None, (400, "activity_id_missing")),
            (None, activity, (400, "athlete_missing")),
        ] {
            let post = (door.tells)(&Told {
                api: &visit.api,
                account,
                activity,
                changes: 0,
            });
            let told = visit.post(door, &post).await;
            assert_eq!((told.status, told.code()), refusal, "{}", door.name);
        }
    }
    let unknown = Door {
        name: "myspace",
        ..crate::garmin::DOOR
    };
    let told = visit.post(&unknown, &visit.told(&unknown, 0)).await;
    assert_eq!((told.status, told.code()), (404, "unknown_provider"));

    assert_eq!(visit.rows().await, before);
    assert_eq!(visit.api.calls().len(), 0);
    visit.stop().await;
}

/// What a post shows to be believed, as it is sent.
fn shown(door: &Door, post: &Post) -> Vec<String> {
    let header = |name: &str| {
        let mut headers = post.headers.iter();
        let (_, value) = headers.find(|(other, _)| *other == name).unwrap();
        value.clone()
    };
    let credentials = door.credentials.iter();
    credentials
        .filter_map(|credential| match credential {
            Credential::Header(name) => Some(header(name)),
            // Known as canaries.
            Credential::Path | Credential::Body(_) => None,
        })
        .collect()
}

/// Why fetches failed, by code.
async fn codes_of_fetches(visit: &Visit) -> Vec<Value> {
    let codes = "SELECT to_jsonb(split_part(error, ':', 1)) FROM stage_runs
         WHERE stage = 'fetch' AND error IS NOT NULL GROUP BY 1 ORDER BY 1";
    visit.world.rows(codes).await
}

/// Answers this to everything that was asked so far.
fn answer_everything(api: &Provider, reply: &Reply) {
    for call in api.calls() {
        api.always(&call.what, reply.clone());
    }
}

/// P-71: every secret of every provider, wherever it comes by, whatever goes wrong.
#[tokio::test]
async fn no_secret_of_any_provider_reaches_a_log() {
    let visit = Visit::open(ALL).await;
    let mut secrets = Vec::new();
    let mut workouts = Vec::new();
    for door in ALL {
        visit.connect(door).await;
        (door.knows)(&visit.api, 0);
        let genuine = visit.told(door, 0);
        secrets.extend(shown(door, &genuine));
        let told = visit.post(door, &genuine).await;
        assert_eq!(told.status, 200, "{told:?}");
        workouts.push(told.workout_id());
        for (_, forged) in genuine.forgeries(door) {
            assert_eq!(visit.post(door, &forged).await.status, 401);
        }
        let malformed = Post {
            body: genuine.body.replace('}', ""),
            ..genuine
        };
        let refused = visit.post(door, &malformed).await;
        assert!(matches!(refused.status, 400 | 401), "{refused:?}");
        let handshake = format!("/webhooks/{}/canary?hub.verify_token=canary", door.name);
        let refused = visit.world.send(Method::GET, &handshake, "").await;
        assert!(matches!(refused.status, 401 | 405), "{refused:?}");
    }
    visit.world.settle().await;

    // What cannot be read, and then a token that is not believed, nor the one that refreshes it.
    let unreadable = Reply::status(200).with_body(r#"{"canary":"#);
    answer_everything(&visit.api, &unreadable);
    for door in ALL {
        let told = visit.told(door, 1);
        secrets.extend(shown(door, &told));
        assert_eq!(visit.post(door, &told).await.status, 200);
    }
    visit.world.settle().await;
    assert_eq!(codes_of_fetches(&visit).await, [json!("provider_answer")]);
    let refused = Reply::status(400).with_body(r#"{"error":"canary-refresh"}"#);
    for path in ["/oauth/token", "/oauth/oauth2/token"] {
        visit.api.always(&format!("POST {path}"), refused.clone());
    }
    answer_everything(&visit.api, &Reply::status(401).with_body("canary-access"));
    for workout in workouts {
        let again = format!("/workouts/{workout}/reanalyse");
        assert_eq!(visit.world.send(Method::POST, &again, "").await.status, 202);
    }
    visit.world.settle().await;
    assert_eq!(
        codes_of_fetches(&visit).await,
        [json!("needs_reauthorisation")]
    );
    assert!(visit.api.count("POST /oauth/token") > 0);

    // No line holds a secret, or this fails.
    let lines = visit.stop().await;
    for secret in &secrets {
        assert!(!lines.contains(secret.as_str()), "{secret} is in the log");
    }
    let answered: Vec<Value> = lines
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    for door in ALL {
        for status in [200, 401] {
            let heard = |line: &Value| {
                let path = line["path"].as_str().unwrap_or_default();
                line["status"] == status && path.starts_with(&format!("/webhooks/{}", door.name))
            };
            assert!(answered.iter().any(heard), "{} {status}", door.name);
        }
    }
}
