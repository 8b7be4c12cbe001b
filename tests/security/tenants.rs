//! Every route of users, asked by everybody for what is somebody else's.

use crate::people::{Body, Gate, Person, names_a_thing, rows};
use local::cloud::Start;
use reqwest::Method;
use std::collections::BTreeSet;
use support::routes::{Contract, Operation};
use support::world;
use support::world::World;

/// What stands in all of the victim's texts, and in nobody else's. No log may hold it either.
const WORD: &str = "canary-victim";
/// What a token may claim to be.
const ROLES: [&str; 7] = [
    "athlete",
    "super_admin",
    "manager",
    "specialist",
    "member",
    "moderator",
    "admin",
];
/// What a victim's own request is refused for, though every name in it is theirs.
const NOT_HERE: [&str; 8] = [
    // Nothing is set up here that a browser could be sent to, or that could be asked.
    "no_oauth",
    "connect_not_configured",
    "no_list",
    // There is one merge, one plan and one connection, and an earlier route has taken it.
    "not_connected",
    "plan_taken",
    // One workout is being logged already.
    "session_active",
    // It is an administrator's to do, or needs a token that somebody gave them.
    "not_allowed",
    "signup_token_refused",
];

/// One request of the matrix.
struct Request {
    path: String,
    body: Option<Body>,
    /// Whether something of the victim's is what the path is about.
    is_about_theirs: bool,
}

/// What a stranger asks an operation for, once with the victim's ids in the path and once with them
/// in the query and the body.
async fn requests(
    contract: &Contract,
    world: &World,
    operation: &Operation,
    victim: &Person,
    stranger: &Person,
) -> Vec<Request> {
    let is_about_theirs = names_a_thing(operation);
    let first = Request {
        path: victim.path(operation) + &stranger.query(world, operation).await,
        body: stranger.body(contract, operation),
        is_about_theirs,
    };
    let second = Request {
        path: stranger.path(operation) + &victim.query(world, operation).await,
        body: victim.body(contract, operation),
        is_about_theirs: false,
    };
    let differs = (&first.path, &first.body) != (&second.path, &second.body);
    [Some(first), differs.then_some(second)]
        .into_iter()
        .flatten()
        .collect()
}

/// Whoever let themselves in no more, or left their community, as routes let them, is in again.
async fn let_in_again(world: &World) {
    for statement in [
        "UPDATE users SET deactivated_at = NULL WHERE deactivated_at IS NOT NULL",
        "INSERT INTO memberships (user_id, community_id, role)
         SELECT DISTINCT a.subject_id, a.community_id, 'admin' FROM audit_log AS a
         JOIN communities AS c ON c.id = a.community_id
         WHERE a.action = 'remove_moderator'
         ON CONFLICT ON CONSTRAINT memberships_pkey DO NOTHING",
    ] {
        let mut sql = world.sql().await;
        sqlx::query(statement).execute(&mut sql).await.unwrap();
    }
}

/// a route that is new is in it, because the routes come from the contract.
#[tokio::test]
async fn nobody_is_shown_or_changes_what_is_anothers_on_any_route_under_any_role() {
    let contract = Contract::read();
    let world = world!(Start::Paused);
    let victim = Person::join(&world, WORD).await;
    let stranger = Person::join(&world, "a stranger").await;
    let gate = Gate::of(&world);
    let before = rows(&world, Some(victim.user)).await;
    assert!(before.len() > 10, "{before:#?}");

    let mut asked = 0;
    for operation in contract.of_users() {
        let requests = requests(&contract, &world, operation, &victim, &stranger).await;
        let mut seen = BTreeSet::new();
        for role in ROLES {
            let token = format!("Bearer {}", stranger.token(&world, role));
            for request in &requests {
                let Request { path, body, .. } = request;
                let heard = gate
                    .ask(&operation.method, path, &[&token], body.as_ref())
                    .await;
                let context = format!("{operation} as {path} by a {role}: {heard:?}");
                assert!(!heard.whole.contains(WORD), "it leaks: {context}");
                assert!(heard.status < 500, "{context}");
                if request.is_about_theirs {
                    assert!([403, 404].contains(&heard.status), "{context}");
                }
                assert_eq!(rows(&world, Some(victim.user)).await, before, "{context}");
                seen.insert(heard.status);
                asked += 1;
            }
            let_in_again(&world).await;
        }
        let count = requests.len() * ROLES.len();
        eprintln!("{:<60} {count:>3} requests {seen:?}", operation.to_string());
    }
    eprintln!(
        "{} routes × {} roles, another's ids in the path and in what is sent: {asked} requests, 0 leaks",
        contract.of_users().count(),
        ROLES.len()
    );

    // All of it was there to be had: the same names do for whose they are.
    let token = format!("Bearer {}", victim.token(&world, "athlete"));
    let mut shown = 0;
    let mut operations: Vec<&Operation> = contract.of_users().collect();
    // What something else is within is deleted last.
    let holds = |outer: &Operation| {
        let within = format!("{}/", outer.path);
        outer.method == Method::DELETE && contract.of_users().any(|o| o.path.starts_with(&within))
    };
    operations.sort_by_key(|operation| holds(operation));
    for operation in operations {
        let path = victim.path(operation) + &victim.query(&world, operation).await;
        let body = victim.body(&contract, operation);
        let heard = gate
            .ask(&operation.method, &path, &[&token], body.as_ref())
            .await;
        let_in_again(&world).await;
        let is_done = heard.status < 300 || NOT_HERE.contains(&heard.code.as_str());
        assert!(is_done, "{operation} by whose it is, as {path}: {heard:?}");
        shown += usize::from(heard.text.contains(WORD));
    }
    assert!(shown > 3, "{shown}");
    world.stop().await;
}
