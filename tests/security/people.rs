//! People of whom there is some of everything, and what the contract's names name of them.
//!
//! A parameter of a new route is registered here, and its route is tried with everybody else's
//! ids from then on. One that is not registered fails the tests, because it could name anything.

use domain::id::UserId;
use domain::purpose::Purpose;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Row;
use std::collections::BTreeMap;
use std::time::Duration;
use support::routes::{Contract, Operation, Parameter};
use support::samples::Samples;
use support::world::{Other, World};

/// What a name stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    /// Something of a person, made by [`Person::join`] under this name.
    Thing(&'static str),
    /// Somebody else, of whom anybody may speak, made under this name too.
    Somebody(&'static str),
    /// A list of one such thing.
    List(&'static str),
    /// The same for everybody.
    Word(&'static str),
    /// Where a list goes on.
    Cursor,
    /// Nothing that is there: a text of the client's own.
    Own,
}
use Named::{Cursor, List, Own, Somebody, Thing, Word};

/// What a path names, up to each of its parameters.
const IN_PATHS: &[(&str, Named)] = &[
    ("/workouts/{id}", Thing("workout")),
    ("/planned-workouts/{id}", Thing("plan")),
    ("/workouts/{id}/sets/{set_id}", Thing("set")),
    ("/exercises/{id}", Thing("exercise")),
    ("/programs/{id}", Thing("program")),
    ("/programs/{id}/weeks/{week}", Word("0")),
    ("/programs/{id}/weeks/{week}/days/{day}", Word("0")),
    ("/logs/{id}", Thing("log")),
    ("/athlete/coaches/{id}", Somebody("coach")),
    ("/communities/{id}", Thing("community")),
    ("/communities/{id}/members/{user_id}", Thing("user")),
    ("/admins/{user_id}", Thing("user")),
    ("/users/{user_id}", Thing("user")),
    ("/connections/{provider}", Word("paceline")),
    ("/webhooks/{provider}", Word("paceline")),
    ("/webhooks/{provider}/{path_secret}", Word("x")),
];

/// Below these a workout is one that its athlete logs by hand, as is one that is deleted.
const BY_HAND: [&str; 3] = [
    "/workouts/{id}/sets",
    "/workouts/{id}/exercises",
    "/workouts/{id}/finish",
];

/// What a parameter of a query, or a member of a body, names.
const BY_NAME: &[(&str, Named)] = &[
    ("cursor", Cursor),
    ("name", Own),
    ("action", Own),
    ("user_id", Thing("user")),
    ("subject_id", Thing("user")),
    ("athlete", Thing("account")),
    ("planned_id", Thing("plan")),
    ("exercise_id", Thing("exercise")),
    ("program_id", Thing("program")),
    ("athlete_id", Thing("user")),
    ("log_id", Thing("log")),
    ("id", Thing("row")),
    ("exercise_ids", List("exercise")),
    ("set_id", Thing("set")),
    ("client_id", Word("00000000-0000-4000-8000-000000000001")),
    ("grips", Own),
    ("state", Own),
    ("code", Own),
    ("scope", Own),
    ("error", Own),
];

fn find(names: &[(&str, Named)], name: &str) -> Option<Named> {
    let found = names.iter().find(|(known, _)| *known == name);
    found.map(|(_, named)| *named)
}

/// Whether a text of a query is free to name anything.
fn is_free(parameter: &Parameter) -> bool {
    let schema = &parameter.schema;
    schema["type"] == "string" && schema.get("enum").is_none() && schema["format"] != "date"
}

/// Somebody.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) user: UserId,
    things: BTreeMap<&'static str, String>,
}

impl Person {
    /// Makes somebody in whose texts this word stands, and something of every kind for them.
    pub(crate) async fn join(world: &World, word: &str) -> Self {
        let other = Other::join(world, word).await;
        let mut things = BTreeMap::from([("account", word.to_owned())]);

        let mut plan = world.plan(600);
        plan["name"] = json!(format!("{word} runs"));
        things.insert("plan", other.create_plan(&plan).await);
        // Two, so that their list has a next page.
        for activity in ["first", "second"] {
            let mut run = world.run(&format!("{word}-{activity}"), 600);
            run["athlete"] = json!(word);
            run["activity"]["name"] = json!(format!("{word} {activity}"));
            let answer = world.deliver(&run).await;
            things.insert("workout", answer.workout_id().to_string());
        }
        let exercise = uuid::Uuid::new_v4();
        sqlx::query(
            "INSERT INTO exercises (id, user_id, name, category, measure)
             VALUES ($1, $2, $3 || ' presses', 'strength', 'reps')",
        )
        .bind(exercise)
        .bind(other.user().0)
        .bind(word)
        .execute(&mut world.sql().await)
        .await
        .unwrap();
        things.insert("exercise", exercise.to_string());
        things.insert("user", other.user().to_string());
        let coach = Other::join(world, &format!("{word}'s coach")).await;
        things.insert("coach", coach.user().to_string());
        let program = json!({"name": format!("{word} lifts"), "weeks": 1, "days": 1});
        let made = other
            .send(Method::POST, "/programs", program.to_string())
            .await;
        let program = made.body["program_id"].as_str().unwrap().to_owned();
        let log = json!({
            "name": format!("{word} lifted"),
            "exercises": [{"exercise_id": exercise, "sets": 1}],
        });
        let path = format!("/programs/{program}/weeks/0/days/0/log");
        let made = other.send(Method::PUT, &path, log.to_string()).await;
        let log = &made.body["log"];
        things.insert("program", program);
        things.insert("log", log["log_id"].as_str().unwrap().to_owned());
        let row = log["exercises"][0]["id"].as_str().unwrap();
        things.insert("row", row.to_owned());
        let permission = format!("/athlete/coaches/{}", coach.user());
        assert_eq!(other.send(Method::PUT, &permission, "").await.status, 204);
        let session = json!({"client_id": exercise, "name": format!("{word} lifts"),
            "started_at": "2026-11-20T07:00:00Z"});
        let started = other
            .send(Method::POST, "/workouts", session.to_string())
            .await;
        let session = started.workout_id();
        things.insert("session", session.to_string());
        let set = json!({"set_id": exercise, "exercise_id": exercise});
        let path = format!("/workouts/{session}/sets");
        let logged = other.send(Method::POST, &path, set.to_string()).await;
        assert_eq!(logged.status, 201, "{logged:?}");
        things.insert("set", exercise.to_string());
        let community = uuid::Uuid::new_v4();
        sqlx::query(
            "WITH made AS (
                 INSERT INTO communities (id, name) VALUES ($1, $2 || ' trains') RETURNING id
             )
             INSERT INTO memberships (user_id, community_id, role) SELECT $3, id, 'admin' FROM made",
        )
        .bind(community)
        .bind(word)
        .bind(other.user().0)
        .execute(&mut world.sql().await)
        .await
        .unwrap();
        things.insert("community", community.to_string());
        let profile = json!({"thresholds": [{"valid_from": "2026-01-01", "ftp_w": 250}]});
        let put = other
            .send(Method::PUT, "/athlete", profile.to_string())
            .await;
        assert_eq!(put.status, 200, "{put:?}");

        Self {
            user: other.user(),
            things,
        }
    }

    /// A token of theirs in which this role is claimed.
    pub(crate) fn token(&self, world: &World, role: &str) -> String {
        let life = Duration::from_secs(3600);
        let issuer = world.identity().issuer().unwrap();
        issuer
            .issue(self.user, role, Purpose::Display, life)
            .unwrap()
    }

    fn value(&self, named: Named) -> Option<Value> {
        match named {
            Thing(kind) | Somebody(kind) => {
                let thing = self.things.get(kind);
                Some(json!(
                    thing.unwrap_or_else(|| panic!("nobody has a {kind}"))
                ))
            }
            List(kind) => Some(json!([self.value(Thing(kind))])),
            Word(word) => Some(json!(word)),
            Cursor | Own => None,
        }
    }

    /// The path of an operation with this person's ids in it.
    pub(crate) fn path(&self, operation: &Operation) -> String {
        let mut before = String::new();
        let mut path = String::new();
        for part in operation.path.split('/').skip(1) {
            before = format!("{before}/{part}");
            let part = if part.starts_with('{') {
                let is_by_hand = operation.method == Method::DELETE
                    && operation.path == "/workouts/{id}"
                    || BY_HAND.iter().any(|path| operation.path.starts_with(path));
                let named = if is_by_hand && before == "/workouts/{id}" {
                    Some(Thing("session"))
                } else {
                    find(IN_PATHS, &before)
                };
                let named = named.unwrap_or_else(|| {
                    panic!("{operation}: say in IN_PATHS of tests/security/people.rs what {before} names")
                });
                self.value(named).unwrap().as_str().unwrap().to_owned()
            } else {
                part.to_owned()
            };
            path = format!("{path}/{part}");
        }
        path
    }

    /// The query of an operation in which everything is said that may name something of theirs.
    pub(crate) async fn query(&self, world: &World, operation: &Operation) -> String {
        let mut pairs = Vec::new();
        for parameter in operation.parameters_in("query").filter(|one| is_free(one)) {
            let name = &parameter.name;
            let named = find(BY_NAME, name).unwrap_or_else(|| {
                panic!(
                    "{operation}: say in BY_NAME of tests/security/people.rs what ?{name}= names"
                )
            });
            let value = match named {
                Cursor => self.cursor(world, operation).await,
                Thing(_) | List(_) | Somebody(_) | Word(_) | Own => self.value(named),
            };
            let Some(Value::String(value)) = value else {
                continue;
            };
            pairs.push(format!("{name}={}", escape(value.as_bytes())));
        }
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }

    /// Where a list of theirs goes on, if it does.
    async fn cursor(&self, world: &World, operation: &Operation) -> Option<Value> {
        if operation.path == "/planned-workouts" {
            // Its pages are long, and its cursors can be read.
            return Some(json!(format!("2026-11-19_{}", self.things["plan"])));
        }
        if operation.path == "/audit" {
            // Only administrators read it, and its cursors can be read.
            return Some(json!(uuid::Uuid::max()));
        }
        let can_be_short = operation
            .parameters_in("query")
            .any(|parameter| parameter.name == "limit");
        let token = format!("Bearer {}", self.token(world, "athlete"));
        let path = self.path(operation) + if can_be_short { "?limit=1" } else { "" };
        let gate = Gate::of(world);
        let page = gate.ask(&Method::GET, &path, &[&token], None).await;
        let page: Value = serde_json::from_str(&page.text).unwrap();
        let cursor = page.get("next_cursor");
        let cursor = cursor.unwrap_or_else(|| panic!("{operation}: {page}"));
        assert!(
            cursor.is_string() || !can_be_short,
            "{operation}: make two of each, so that there is a next page"
        );
        Some(cursor.clone())
    }

    /// The plainest body that the operation takes, with this person's ids in it.
    pub(crate) fn body(&self, contract: &Contract, operation: &Operation) -> Option<Body> {
        self.bodies(contract, operation).into_iter().next()
    }

    /// Bodies that the operation takes, which between them say all that may be said.
    pub(crate) fn bodies(&self, contract: &Contract, operation: &Operation) -> Vec<Body> {
        let Some((media, schema)) = &operation.body else {
            return Vec::new();
        };
        if media != "application/json" {
            let file = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/fixtures/activities/strength_fr965.fit"
            );
            return vec![(media.clone(), std::fs::read(file).unwrap())];
        }
        let given = |name: &str| find(BY_NAME, name).and_then(|named| self.value(named));
        let samples = Samples::new(&contract.document, &given).all(&operation.path, schema);
        let bodies = samples
            .iter()
            .map(|body| (media.clone(), body.to_string().into_bytes()));
        bodies.collect()
    }
}

/// Whether a path names something of a person's.
pub(crate) fn names_a_thing(operation: &Operation) -> bool {
    IN_PATHS.iter().any(|(path, named)| {
        let rest = operation.path.strip_prefix(path);
        matches!(named, Thing(_))
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// A media type and bytes.
pub(crate) type Body = (String, Vec<u8>);

/// What was answered.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    /// The problem's code, or nothing.
    pub(crate) code: String,
    /// Headers and body, as they came.
    pub(crate) text: String,
    pub(crate) whole: String,
}

/// Where anybody may ask anything.
pub(crate) struct Gate {
    http: reqwest::Client,
    url: String,
}

impl Gate {
    pub(crate) fn of(world: &World) -> Self {
        // A function that says nothing for longer is ended, so nobody waits for longer.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5));
        Self {
            http: http.build().unwrap(),
            url: world.endpoint().url.clone(),
        }
    }

    /// Asks with these `Authorization` headers, and no others.
    pub(crate) async fn ask(
        &self,
        method: &Method,
        path: &str,
        authorization: &[&str],
        body: Option<&Body>,
    ) -> Heard {
        let authorization = authorization.iter().map(|value| ("authorization", *value));
        self.ask_with(method, path, authorization, body).await
    }

    /// Asks with these headers.
    pub(crate) async fn ask_with(
        &self,
        method: &Method,
        path: &str,
        headers: impl Iterator<Item = (&str, &str)>,
        body: Option<&Body>,
    ) -> Heard {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some((media, bytes)) = body {
            request = request.header("content-type", media).body(bytes.clone());
        }
        let response = request.send().await;
        let response = response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let status = response.status().as_u16();
        let headers = format!("{:?}", response.headers());
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        Heard {
            status,
            code: problem["code"].as_str().unwrap_or_default().to_owned(),
            whole: format!("{headers}\n{text}"),
            text,
        }
    }
}

/// Everything but letters and digits of a text as escapes of a URL.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
            char::from(*byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    bytes.iter().map(escape).collect()
}

/// Every row of a user's, or every row that there is, as its owner sees it.
pub(crate) async fn rows(world: &World, user: Option<UserId>) -> Vec<String> {
    let mut sql = world.sql().await;
    let tables = sqlx::query(
        "SELECT c.relname::text, EXISTS (
             SELECT FROM pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped)
         FROM pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
             AND c.relname <> '_sqlx_migrations'",
    );
    let tables: Vec<(String, bool)> = tables
        .fetch_all(&mut sql)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let parts = tables.iter().filter_map(|(table, has_user)| {
        let owner = match (user, table.as_str(), has_user) {
            (None, _, _) => "$1::uuid IS NULL",
            (Some(_), "users", _) => "id = $1",
            (Some(_), _, true) => "user_id = $1",
            (Some(_), _, false) => return None,
        };
        Some(format!(
            "SELECT '{table} ' || to_jsonb(r)::text FROM {table} AS r WHERE {owner}"
        ))
    });
    let query = format!(
        "{} ORDER BY 1",
        parts.collect::<Vec<_>>().join(" UNION ALL ")
    );
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query));
    let rows: Vec<String> = query
        .bind(user.map(|user| user.0))
        .fetch_all(&mut sql)
        .await
        .unwrap();
    assert!(!rows.is_empty());
    rows
}
