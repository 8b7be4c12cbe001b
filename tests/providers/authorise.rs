//! Athletes connect a provider by themselves: what the state promises, and what a provider's answers
//! may do.

use crate::doors::{ACCESS, Door, Visit};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use platform::providers::source::Sources;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use support::provider::{Call, Provider, Reply};
use support::world::{Answer, Other};

/// Where the athlete's browser would come back to.
const REDIRECT: &str = "https://app.example/connected";
/// What a provider's page sends the browser back with.
const CODE: &str = "canary-code";

/// What is asked, and what comes.
type Asked = (&'static str, fn() -> Value);

/// How a provider is connected, by its documents.
pub(crate) struct Flow {
    pub(crate) door: &'static Door,
    /// What is asked for.
    scope: &'static str,
    /// Whether it takes a challenge.
    has_challenge: bool,
    /// Whether we say who we are in `Authorization`.
    is_basic: bool,
    /// Where a code becomes tokens.
    exchange: &'static str,
    /// What stands beside the tokens.
    beside: fn() -> Value,
    /// What is asked afterwards, and answered.
    asked: Option<Asked>,
    /// How our access is given back.
    pub(crate) revoked_by: &'static str,
}

const NOTHING: fn() -> Value = || json!({});

pub(crate) const FLOWS: &[Flow] = &[
    Flow {
        door: &crate::garmin::DOOR,
        scope: "",
        has_challenge: true,
        is_basic: false,
        exchange: "POST /oauth/token",
        beside: NOTHING,
        asked: Some((
            "GET /wellness-api/rest/user/id",
            || json!({"userId": "u-7f3"}),
        )),
        revoked_by: "DELETE /wellness-api/rest/user/registration",
    },
    Flow {
        door: &crate::intervals::DOOR,
        scope: "ACTIVITY:READ",
        has_challenge: false,
        is_basic: false,
        exchange: "POST /oauth/token",
        beside: || json!({"athlete": {"id": "i12345", "name": "Somebody"}}),
        asked: None,
        revoked_by: "DELETE /api/v1/disconnect-app",
    },
    Flow {
        door: &crate::polar::DOOR,
        scope: "accesslink.read_all",
        has_challenge: false,
        is_basic: true,
        exchange: "POST /oauth/token",
        beside: || json!({"x_user_id": 475}),
        asked: Some(("POST /v3/users", || json!({"polar-user-id": 475}))),
        revoked_by: "DELETE /v3/users/475",
    },
    Flow {
        door: &crate::strava::DOOR,
        scope: "read,activity:read_all",
        has_challenge: false,
        is_basic: false,
        exchange: "POST /oauth/token",
        beside: || json!({"athlete": {"id": 4_455_667, "username": null}}),
        asked: None,
        revoked_by: "POST /oauth/deauthorize",
    },
    Flow {
        door: &crate::suunto::DOOR,
        scope: "",
        has_challenge: false,
        is_basic: true,
        exchange: "POST /oauth/token",
        beside: || json!({"access_token": suunto_token()}),
        asked: None,
        revoked_by: "GET /oauth/deauthorize",
    },
    Flow {
        door: &crate::wahoo::DOOR,
        scope: "user_read workouts_read offline_data",
        has_challenge: false,
        is_basic: false,
        exchange: "POST /oauth/token",
        beside: NOTHING,
        asked: Some(("GET /v1/user", || json!({"id": 60_462}))),
        revoked_by: "DELETE /v1/permissions",
    },
    Flow {
        door: &crate::whoop::DOOR,
        scope: "offline read:profile read:workout",
        has_challenge: false,
        is_basic: false,
        exchange: "POST /oauth/oauth2/token",
        beside: NOTHING,
        asked: Some((
            "GET /developer/v2/user/profile/basic",
            || json!({"user_id": 10_129}),
        )),
        revoked_by: "DELETE /developer/v2/user/access",
    },
];

/// Strava's.
pub(crate) fn strava() -> &'static Flow {
    FLOWS
        .iter()
        .find(|flow| flow.door.name == "strava")
        .unwrap()
}

/// A JWT whose claim says whose it is.
fn suunto_token() -> String {
    let payload = URL_SAFE_NO_PAD.encode(r#"{"user":"runner42"}"#);
    format!("e30.{payload}.{ACCESS}")
}

impl Flow {
    /// The provider's settings with what connecting needs.
    pub(crate) fn settings(&self, api: &Provider) -> Value {
        let mut settings = (self.door.settings)(api);
        let name = self.door.name;
        for (key, value) in [
            ("client_id", "1234".to_owned()),
            ("client_secret", "canary-client-secret".to_owned()),
            ("redirect_url", format!("{REDIRECT}/{name}")),
            ("authorise_url", format!("https://{name}.example/go?old=1")),
        ] {
            settings["api"][key] = json!(value);
        }
        let token_url = &mut settings["api"]["token_url"];
        if token_url.is_null() {
            *token_url = json!(format!("{}/oauth/token", api.url()));
        }
        settings
    }

    /// A world in which these can be connected and nobody has.
    pub(crate) async fn open(flows: &[&Self]) -> Visit {
        let api = Provider::start().await;
        let settings: BTreeMap<String, Value> = flows
            .iter()
            .map(|flow| (flow.door.name.to_owned(), flow.settings(&api)))
            .collect();
        Visit::with(settings, api).await
    }

    /// What the provider answers to a code.
    fn tokens(&self) -> Value {
        let mut tokens = json!({
            "access_token": ACCESS, "refresh_token": "canary-refresh", "expires_in": 3600,
        });
        let beside = (self.beside)();
        for (key, value) in beside.as_object().unwrap() {
            tokens[key] = value.clone();
        }
        tokens
    }

    /// The provider takes the code, and knows its athlete.
    pub(crate) fn agrees(&self, api: &Provider) {
        api.always(self.exchange, Reply::json(&self.tokens()));
        if let Some((what, answer)) = self.asked {
            api.always(what, Reply::json(&answer()));
        }
    }

    /// Begins, and answers where the athlete is sent.
    async fn begin(&self, visit: &Visit) -> Url {
        let path = format!("/connections/{}", self.door.name);
        let begun = visit.world.send(Method::POST, &path, "").await;
        assert_eq!(begun.status, 201, "{begun:?}");
        begun.body["authorise_url"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Begins, and answers the state.
    async fn state(&self, visit: &Visit) -> String {
        parameters(&self.begin(visit).await)["state"].clone()
    }

    /// Comes back with a query.
    async fn back(&self, visit: &Visit, query: &[(&str, &str)]) -> Answer {
        back(visit, self.door.name, query).await
    }

    /// The whole of it.
    pub(crate) async fn connect(&self, visit: &Visit) -> Answer {
        self.agrees(&visit.api);
        let state = self.state(visit).await;
        self.back(visit, &[("state", &state), ("code", CODE)]).await
    }
}

/// A browser comes back, without any token.
async fn back(visit: &Visit, provider: &str, query: &[(&str, &str)]) -> Answer {
    let url = format!(
        "{}/connections/{provider}/callback",
        visit.world.endpoint().url
    );
    let url = Url::parse_with_params(&url, query).unwrap();
    let response = reqwest::get(url).await.unwrap();
    Answer {
        status: response.status().as_u16(),
        body: response.json().await.unwrap(),
    }
}

fn parameters(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn form(call: &Call) -> BTreeMap<String, String> {
    parameters(&Url::parse(&format!("http://form/?{}", call.body)).unwrap())
}

fn call(visit: &Visit, what: &str) -> Call {
    let mut calls = visit.api.calls().into_iter();
    let asked = calls.find(|call| call.what == what);
    assert!(asked.is_some(), "{what} was not asked");
    asked.unwrap()
}

/// Everything that connecting may change.
async fn rows(visit: &Visit) -> Vec<Value> {
    let mut rows = visit.rows().await;
    let receipts = "SELECT to_jsonb(e) FROM erasure_receipts e";
    rows.extend(visit.world.rows(receipts).await);
    rows
}

/// Lets an hour pass for what was begun.
async fn an_hour_passes(visit: &Visit) {
    sqlx::query("UPDATE authorisations SET expires_at = expires_at - interval '1 hour'")
        .execute(&mut visit.world.sql().await)
        .await
        .unwrap();
}

#[test]
fn every_provider_with_oauth_is_tested_here_and_no_other() {
    let documented = platform::providers::names().filter(|name| Sources::documents_oauth(name));
    let tested: Vec<&str> = FLOWS.iter().map(|flow| flow.door.name).collect();
    assert_eq!(documented.collect::<Vec<_>>(), tested);
}

/// P-72: from the athlete's click to the first activity.
#[tokio::test]
async fn an_athlete_connects_every_provider_by_themselves_and_what_is_announced_comes() {
    let visit = Flow::open(&FLOWS.iter().collect::<Vec<_>>()).await;
    for flow in FLOWS {
        let name = flow.door.name;
        let sent = flow.begin(&visit).await;
        assert_eq!(sent.host_str(), Some(&*format!("{name}.example")));
        let sent = parameters(&sent);
        assert_eq!(sent["response_type"], "code");
        assert_eq!(sent["client_id"], "1234");
        assert_eq!(sent["redirect_uri"], format!("{REDIRECT}/{name}"));
        assert_eq!(
            sent.get("scope").map_or("", String::as_str),
            flow.scope,
            "{name}"
        );
        assert_eq!(sent.contains_key("code_challenge"), flow.has_challenge);

        flow.agrees(&visit.api);
        let asked_before = visit.api.calls().len();
        let state = sent["state"].as_str();
        let connected = flow.back(&visit, &[("state", state), ("code", CODE)]).await;

        assert_eq!(connected.status, 200, "{name} {connected:?}");
        assert_eq!(connected.body["provider"], name);
        assert_eq!(connected.body["account"], flow.door.account);
        assert_eq!(connected.body["status"], "connected");
        assert_eq!(connected.body["missing_scopes"], json!([]), "{name}");
        let asked = &visit.api.calls()[asked_before];
        assert_eq!(asked.what, flow.exchange);
        let form = form(asked);
        assert_eq!(form["grant_type"], "authorization_code");
        assert_eq!(form["code"], CODE);
        assert_eq!(form["redirect_uri"], format!("{REDIRECT}/{name}"));
        if flow.has_challenge {
            assert_eq!(sent["code_challenge_method"], "S256");
            let digest = Sha256::digest(form["code_verifier"].as_bytes());
            assert_eq!(sent["code_challenge"], URL_SAFE_NO_PAD.encode(digest));
        }
        if flow.is_basic {
            let basic = format!("Basic {}", STANDARD.encode("1234:canary-client-secret"));
            assert_eq!(asked.headers["authorization"], basic);
            assert!(!form.contains_key("client_secret"));
        } else {
            assert_eq!(form["client_secret"], "canary-client-secret");
        }
        if let Some((what, _)) = flow.asked {
            let bearer = format!("Bearer {ACCESS}");
            assert_eq!(call(&visit, what).headers["authorization"], bearer);
        }

        // Its tokens are what it is asked with.
        let workout = visit.bring(flow.door, 0).await;
        visit.assert_is(workout, &flow.door.comes_as[0]).await;
        // Several tell of runs at the same time, and here each is to be what it tells by itself.
        let mut sql = visit.world.sql().await;
        let apart = sqlx::query("UPDATE workouts SET kept_apart = true");
        apart.execute(&mut sql).await.unwrap();
    }
    let member = call(&visit, "POST /v3/users").body;
    assert_eq!(
        serde_json::from_str::<Value>(&member).unwrap(),
        json!({"member-id": visit.world.endpoint().user_id})
    );

    let shown = visit.world.get("/connections").await;
    let shown = shown["connections"].as_array().unwrap();
    let names = shown.iter().map(|c| c["provider"].as_str().unwrap());
    let all = platform::providers::names();
    let expected: Vec<&str> = all
        .filter(|name| *name == "paceline" || Sources::documents_oauth(name))
        .collect();
    assert_eq!(names.collect::<Vec<_>>(), expected);
    for connection in shown.iter().filter(|c| c["provider"] != "paceline") {
        assert!(connection["last_heard_at"].is_string(), "{connection}");
    }
    assert!(!json!(shown).to_string().contains("canary"));
    let plain = "SELECT to_jsonb(count(*)) FROM connections
         WHERE position('canary'::bytea IN access_token || coalesce(refresh_token, '')) > 0";
    assert_eq!(visit.world.rows(plain).await, [json!(0)]);
    visit.stop().await;
}

/// P-71: what is kept of a state, and of what the challenge was made of, tells nobody anything.
#[tokio::test]
async fn neither_a_state_nor_a_verifier_is_stored_or_logged() {
    let garmin = FLOWS.iter().find(|flow| flow.has_challenge).unwrap();
    let visit = Flow::open(&[garmin]).await;
    let begun = garmin.begin(&visit).await;
    let state = parameters(&begun)["state"].clone();
    let kept = visit
        .world
        .rows(
            "SELECT to_jsonb(concat(
                 encode(state_sha256, 'escape'), ' ', encode(verifier, 'escape')
             )) FROM authorisations",
        )
        .await;
    assert_eq!(kept.len(), 1);

    garmin.agrees(&visit.api);
    let connected = garmin
        .back(&visit, &[("state", &state), ("code", CODE)])
        .await;
    assert_eq!(connected.status, 200, "{connected:?}");

    let verifier = form(&call(&visit, garmin.exchange))["code_verifier"].clone();
    let lines = visit.stop().await;
    for secret in [&state, &verifier] {
        assert!(!kept[0].as_str().unwrap().contains(secret.as_str()));
        assert!(!lines.contains(secret.as_str()));
    }
}

#[tokio::test]
async fn two_callbacks_of_one_state_at_once_ask_once_and_connect_once() {
    let flow = strava();
    let visit = Flow::open(&[flow]).await;
    flow.agrees(&visit.api);
    let state = flow.state(&visit).await;
    let query = [("state", state.as_str()), ("code", CODE)];

    let answers = futures_util::future::join_all((0..8).map(|_| flow.back(&visit, &query))).await;

    let connected = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(connected, 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((refused.status, refused.code()), (422, "state_unknown"));
    }
    assert_eq!(visit.api.count(flow.exchange), 1);
    let stored = "SELECT to_jsonb(count(*)) FROM connections WHERE provider = 'strava'";
    assert_eq!(visit.world.rows(stored).await, [json!(1)]);
    visit.stop().await;
}

#[tokio::test]
async fn a_state_that_is_not_good_for_this_is_refused_by_code_and_nothing_is_stored() {
    let (flow, other) = (strava(), &FLOWS[0]);
    let visit = Flow::open(&[flow, other]).await;
    flow.agrees(&visit.api);
    other.agrees(&visit.api);
    let before = rows(&visit).await;
    let refusal = |answer: &Answer| (answer.status, answer.code().to_owned());
    let unknown = (422, "state_unknown".to_owned());

    let forgotten = flow.state(&visit).await;
    let state = flow.state(&visit).await;
    for wrong in [
        flow.back(&visit, &[("state", &forgotten), ("code", CODE)])
            .await,
        flow.back(&visit, &[("state", "made-up"), ("code", CODE)])
            .await,
        flow.back(&visit, &[("state", ""), ("code", CODE)]).await,
        other
            .back(&visit, &[("state", &state), ("code", CODE)])
            .await,
    ] {
        assert_eq!(refusal(&wrong), unknown);
    }
    for (query, code) in [
        (&[("code", CODE)][..], "state_missing"),
        (&[("state", &*state)][..], "code_missing"),
    ] {
        let wrong = flow.back(&visit, query).await;
        assert_eq!(refusal(&wrong), (400, code.to_owned()));
    }
    an_hour_passes(&visit).await;
    let expired = flow
        .back(&visit, &[("state", &state), ("code", CODE)])
        .await;
    assert_eq!(refusal(&expired), (422, "state_expired".to_owned()));
    let again = flow
        .back(&visit, &[("state", &state), ("code", CODE)])
        .await;
    assert_eq!(refusal(&again), unknown);

    assert_eq!(rows(&visit).await, before);
    assert_eq!(visit.api.calls().len(), 0);
    visit.stop().await;
}

#[tokio::test]
async fn what_the_athlete_declines_is_not_connected_and_the_state_is_used_up() {
    let flow = strava();
    let visit = Flow::open(&[flow]).await;
    let before = rows(&visit).await;
    for (error, code) in [
        ("access_denied", "access_denied"),
        ("server_error", "authorisation_failed"),
    ] {
        let state = flow.state(&visit).await;
        let query = [("state", state.as_str()), ("error", error)];
        let declined = flow.back(&visit, &query).await;
        assert_eq!((declined.status, declined.code()), (422, code));
        let again = [("state", state.as_str()), ("code", CODE)];
        assert_eq!(flow.back(&visit, &again).await.code(), "state_unknown");
    }
    assert_eq!(rows(&visit).await, before);
    assert_eq!(visit.api.calls().len(), 0);
    visit.stop().await;
}

/// A-16: an account belongs to one user, and a user has one account at a provider.
#[tokio::test]
async fn an_account_of_another_user_or_a_second_account_is_409_and_changes_nothing() {
    let flow = strava();
    let visit = Flow::open(&[flow]).await;
    let owner = Other::join_with(&visit.world, "strava", flow.door.account).await;
    let before = rows(&visit).await;

    let taken = flow.connect(&visit).await;

    assert_eq!((taken.status, taken.code()), (409, "account_taken"));
    assert_eq!(rows(&visit).await, before);
    let theirs = owner.get("/connections").await.body;
    assert_eq!(theirs["connections"][0]["account"], flow.door.account);
    assert_eq!(theirs["connections"].as_array().unwrap().len(), 1);

    visit
        .world
        .connect("strava", "another", "canary-other", None, 3600)
        .await;
    let before = rows(&visit).await;
    let second = flow.connect(&visit).await;
    assert_eq!(
        (second.status, second.code()),
        (409, "other_account_connected")
    );
    assert_eq!(rows(&visit).await, before);
    visit.stop().await;
}

#[tokio::test]
async fn whatever_a_provider_answers_instead_of_tokens_nothing_is_stored() {
    let flow = strava();
    let visit = Flow::open(&[flow]).await;
    let before = rows(&visit).await;
    let flood = vec![b' '; 20 * 1024 * 1024 + 1];
    let elsewhere = Reply::status(302).with_header("location", "http://127.0.0.1:1/");
    let nobodys = json!({"access_token": ACCESS});
    for (reply, status, code) in [
        (Reply::status(400), 422, "code_refused"),
        (Reply::status(401), 422, "code_refused"),
        (Reply::status(500), 502, "provider_unavailable"),
        (Reply::status(429), 502, "provider_unavailable"),
        (
            Reply::status(200).without_end(),
            502,
            "provider_unavailable",
        ),
        (Reply::status(200).with_body(flood), 502, "provider_answer"),
        (
            Reply::status(200).with_body("canary"),
            502,
            "provider_answer",
        ),
        (Reply::json(&nobodys), 502, "provider_answer"),
        (elsewhere, 502, "provider_answer"),
    ] {
        let state = flow.state(&visit).await;
        visit.api.next(flow.exchange, reply);
        let query = [("state", state.as_str()), ("code", CODE)];
        let refused = flow.back(&visit, &query).await;
        assert_eq!((refused.status, refused.code()), (status, code));
        assert!(!refused.body.to_string().contains("canary"));
    }
    assert_eq!(rows(&visit).await, before);
    assert_eq!(flow.connect(&visit).await.status, 200);
    visit.stop().await;
}

#[tokio::test]
async fn whoever_does_not_say_whose_access_it_is_is_not_connected() {
    let wahoo = FLOWS.iter().find(|flow| flow.door.name == "wahoo").unwrap();
    let visit = Flow::open(&[wahoo]).await;
    let before = rows(&visit).await;
    wahoo.agrees(&visit.api);
    for (reply, code) in [
        (Reply::status(401), "provider_answer"),
        (Reply::status(404), "provider_answer"),
        (Reply::status(503), "provider_unavailable"),
        (Reply::json(&json!({"id": null})), "provider_answer"),
    ] {
        visit.api.next("GET /v1/user", reply);
        let refused = wahoo.connect(&visit).await;
        assert_eq!((refused.status, refused.code()), (502, code));
    }
    assert_eq!(rows(&visit).await, before);
    visit.stop().await;
}

#[tokio::test]
async fn a_scope_that_was_not_granted_is_kept_and_told() {
    let flow = strava();
    let visit = Flow::open(&[flow]).await;
    flow.agrees(&visit.api);
    let state = flow.state(&visit).await;

    let query = [
        ("state", state.as_str()),
        ("code", CODE),
        ("scope", "read,activity:read"),
    ];
    let connected = flow.back(&visit, &query).await;

    assert_eq!(connected.body["scopes"], json!(["read", "activity:read"]));
    assert_eq!(
        connected.body["missing_scopes"],
        json!(["activity:read_all"])
    );
    let shown = visit.world.get("/connections").await;
    let shown = shown["connections"].as_array().unwrap();
    assert!(shown.contains(&connected.body), "{shown:?}");
    visit.stop().await;
}

/// P-72: a dead connection is seen, and one click mends it.
#[tokio::test]
async fn a_connection_that_needs_reauthorisation_shows_it_and_is_mended_by_connecting_again() {
    let flow = strava();
    let visit = Flow::open(&[flow]).await;
    assert_eq!(flow.connect(&visit).await.status, 200);
    visit.api.always(flow.exchange, Reply::status(400));
    visit
        .api
        .always("GET /api/v3/athlete/activities", Reply::status(401));
    visit.world.look_back().await;
    let status = async || {
        let shown = visit.world.get("/connections").await;
        let shown = shown["connections"].as_array().unwrap().clone();
        let strava = shown.into_iter().find(|c| c["provider"] == "strava");
        strava.unwrap()["status"].clone()
    };
    assert_eq!(status().await, "needs_reauthorisation");

    assert_eq!(flow.connect(&visit).await.status, 200);

    assert_eq!(status().await, "connected");
    let stored = "SELECT to_jsonb(count(*)) FROM connections WHERE provider = 'strava'";
    assert_eq!(visit.world.rows(stored).await, [json!(1)]);
    visit.stop().await;
}

#[tokio::test]
async fn what_cannot_be_connected_says_what_to_do_instead() {
    let api = Provider::start().await;
    // It has no address to come back to.
    let unready = (crate::strava::DOOR.settings)(&api);
    let settings = BTreeMap::from([("strava".to_owned(), unready)]);
    let visit = Visit::with(settings, api).await;
    for (provider, status, code) in [
        ("hevy", 422, "no_oauth"),
        ("coros", 422, "no_oauth"),
        ("paceline", 422, "no_oauth"),
        ("strava", 422, "connect_not_configured"),
        ("wahoo", 422, "connect_not_configured"),
        ("myspace", 404, "unknown_provider"),
        ("upload", 404, "unknown_provider"),
    ] {
        let path = format!("/connections/{provider}");
        let refused = visit.world.send(Method::POST, &path, "").await;
        assert_eq!((refused.status, refused.code()), (status, code));
        let come = back(&visit, provider, &[("state", "s"), ("code", CODE)]).await;
        assert_eq!((come.status, come.code()), (status, code));
        if code == "no_oauth" {
            let detail = refused.body["detail"].as_str().unwrap();
            assert!(detail.contains("paceline connect"), "{detail}");
        }
    }
    visit.stop().await;
}
