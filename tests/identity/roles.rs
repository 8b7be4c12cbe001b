//! Who may do what: every cell of the table of `docs/identity.md`, asked over HTTP.

use crate::people::{Visitor, appoint, entries};
use domain::id::UserId;
use domain::purpose::Purpose;
use domain::roles::{Action, AdminRole, CommunityRole, Standing, may};
use local::cloud::Start;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use support::world;
use support::world::World;
use uuid::Uuid;

/// What a cell of the table says: 2xx, 403, or 404 of what one may not even see.
const CELLS: [&str; 3] = ["yes", "no", "hidden"];

/// The columns of the table.
const ROLES: [(&str, Standing); 7] = [
    ("super_admin", on_platform(AdminRole::SuperAdmin)),
    ("manager", on_platform(AdminRole::Manager)),
    ("specialist", on_platform(AdminRole::Specialist)),
    ("admin", in_community(CommunityRole::Admin)),
    ("moderator", in_community(CommunityRole::Moderator)),
    ("member", in_community(CommunityRole::Member)),
    (
        "nobody",
        Standing {
            admin: None,
            community: None,
        },
    ),
];

const fn on_platform(role: AdminRole) -> Standing {
    Standing {
        admin: Some(role),
        community: None,
    }
}

const fn in_community(role: CommunityRole) -> Standing {
    Standing {
        admin: None,
        community: Some(role),
    }
}

/// The table, by action: a cell for each role.
fn table() -> BTreeMap<String, Vec<String>> {
    let page = include_str!("../../docs/identity.md");
    let rows = page.lines().filter_map(|line| {
        let row = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let mut cells = row.split(" | ");
        let action = cells.next()?.strip_suffix('`')?;
        let cells: Vec<String> = cells.map(str::to_owned).collect();
        let is_of_roles = cells.iter().all(|cell| CELLS.contains(&cell.as_str()));
        (is_of_roles && cells.len() == ROLES.len()).then(|| (action.to_owned(), cells))
    });
    rows.collect()
}

/// A token of theirs that claims a role, which is to count for nothing.
fn claiming(world: &World, user: Uuid, role: &str) -> String {
    let issuer = world.identity().issuer().unwrap();
    let life = Duration::from_secs(3600);
    let issued = issuer.issue(UserId(user), role, Purpose::Display, life);
    issued.unwrap()
}

async fn run(world: &World, statement: &'static str, ids: &[Uuid], word: &str) {
    let mut query = sqlx::query(statement);
    for id in ids {
        query = query.bind(id);
    }
    query = query.bind(word);
    query.execute(&mut world.sql().await).await.unwrap();
}

async fn person(world: &World, name: &str) -> Uuid {
    let id = Uuid::now_v7();
    let statement = "INSERT INTO users (id, display_name) VALUES ($1, $2)";
    run(world, statement, &[id], name).await;
    id
}

async fn join(world: &World, user: Uuid, community: Uuid, role: &str) {
    let statement = "INSERT INTO memberships (user_id, community_id, role) VALUES ($1, $2, $3)";
    run(world, statement, &[user, community], role).await;
}

async fn community(world: &World) -> Uuid {
    let id = Uuid::now_v7();
    let statement = "INSERT INTO communities (id, name) VALUES ($1, $2)";
    run(world, statement, &[id], "A club").await;
    id
}

/// What an action asks, of somebody and in a community that were made for it.
async fn request(world: &World, action: Action, club: Uuid) -> (Method, String, Option<Value>) {
    let subject = person(world, "Subject").await;
    let admins = [Action::DeactivateAdmin, Action::RevokeAdminRole];
    if admins.contains(&action) {
        appoint(world, &subject.to_string(), "specialist").await;
    }
    match action {
        Action::ChangeMemberRole | Action::RemoveMember => {
            join(world, subject, club, "member").await;
        }
        Action::RemoveModerator => join(world, subject, club, "moderator").await,
        Action::ReactivateUser => {
            let gone = "UPDATE users SET deactivated_at = now() WHERE id = $1 AND $2 = ''";
            run(world, gone, &[subject], "").await;
        }
        Action::CreateCommunity
        | Action::ReadCommunity
        | Action::RenameCommunity
        | Action::DeleteCommunity
        | Action::RotateSignupToken
        | Action::ListMembers
        | Action::DeactivateUser
        | Action::DeactivateAdmin
        | Action::ListAdmins
        | Action::GrantAdminRole
        | Action::RevokeAdminRole
        | Action::ReadAuditLog => {}
    }
    let of_club = format!("/communities/{club}");
    let member = format!("{of_club}/members/{subject}");
    let named = Some(json!({"name": "Another club"}));
    match action {
        Action::CreateCommunity => (Method::POST, "/communities".to_owned(), named),
        Action::ReadCommunity => (Method::GET, of_club, None),
        Action::RenameCommunity => (Method::PUT, of_club, named),
        Action::DeleteCommunity => (Method::DELETE, of_club, None),
        Action::RotateSignupToken => {
            let path = format!("{of_club}/signup-token");
            (Method::POST, path, Some(json!({})))
        }
        Action::ListMembers => (Method::GET, format!("{of_club}/members"), None),
        Action::ChangeMemberRole => (Method::PUT, member, Some(json!({"role": "moderator"}))),
        Action::RemoveMember | Action::RemoveModerator => (Method::DELETE, member, None),
        Action::DeactivateUser | Action::DeactivateAdmin => {
            (Method::POST, format!("/users/{subject}/deactivate"), None)
        }
        Action::ReactivateUser => (Method::POST, format!("/users/{subject}/reactivate"), None),
        Action::ListAdmins => (Method::GET, "/admins".to_owned(), None),
        Action::GrantAdminRole => {
            let path = format!("/admins/{subject}");
            (Method::PUT, path, Some(json!({"role": "specialist"})))
        }
        Action::RevokeAdminRole => (Method::DELETE, format!("/admins/{subject}"), None),
        Action::ReadAuditLog => (Method::GET, "/audit".to_owned(), None),
    }
}

/// What an action may change, and what it must leave behind.
async fn state(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT jsonb_build_array('user', id, deactivated_at) FROM users
             UNION ALL SELECT to_jsonb(a) FROM admins a
             UNION ALL SELECT to_jsonb(c) FROM communities c
             UNION ALL SELECT to_jsonb(m) FROM memberships m
             UNION ALL SELECT to_jsonb(l) FROM audit_log l
             ORDER BY 1",
        )
        .await
}

///
#[tokio::test]
async fn every_cell_of_the_table_of_roles_is_what_is_answered() {
    let table = table();
    assert_eq!(table.len(), Action::ALL.len(), "{table:?}");
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    // So that there is always another one.
    appoint(&world, &world.endpoint().user_id, "super_admin").await;
    let mut actors = Vec::new();
    for (name, standing) in ROLES {
        let actor = person(&world, name).await;
        if let Some(role) = standing.admin {
            appoint(&world, &actor.to_string(), role.as_str()).await;
        }
        // Whatever a token says: each of them claims what it is not.
        let claimed = match standing.admin {
            Some(_) => "athlete",
            None => "super_admin",
        };
        actors.push((name, standing, actor, claiming(&world, actor, claimed)));
    }

    let mut asked = 0;
    for action in Action::ALL {
        let cells = &table[action.as_str()];
        for ((name, standing, actor, token), cell) in actors.iter().zip(cells) {
            let club = community(&world).await;
            if let Some(role) = standing.community {
                join(&world, *actor, club, role.as_str()).await;
            }
            let (method, path, body) = request(&world, action, club).await;
            let is_reading = method == Method::GET;
            let before = state(&world).await;
            let noted = entries(&world).await.len();

            let answer = visitor.ask(method, &path, Some(token), body.as_ref()).await;

            let context = format!("{} by {name}: {answer:?}", action.as_str());
            assert_eq!(cell == "yes", may(*standing, action), "{context}");
            match cell.as_str() {
                "yes" => assert!((200..300).contains(&answer.status), "{context}"),
                "no" => assert_eq!(answer.outcome(), (403, "not_allowed"), "{context}"),
                _ => assert_eq!(answer.outcome(), (404, "not_found"), "{context}"),
            }
            let written = entries(&world).await.split_off(noted);
            if cell == "yes" && !is_reading {
                assert_eq!(written.len(), 1, "{context}");
                assert_eq!(written[0]["action"], action.as_str(), "{context}");
                assert_eq!(written[0]["user_id"], json!(actor), "{context}");
                assert_eq!(written[0]["is_refused"], false, "{context}");
                assert_ne!(state(&world).await, before, "{context}");
            } else {
                assert_eq!(state(&world).await, before, "{context}");
            }
            asked += 1;
        }
        eprintln!("{:<22} {cells:?}", action.as_str());
    }
    eprintln!(
        "{} actions × {} roles: {asked} cells",
        table.len(),
        ROLES.len()
    );
    world.stop().await;
}

/// an authority that is taken away is gone with the next request, whatever a token says.
#[tokio::test]
async fn who_is_no_administrator_any_more_may_nothing_with_the_token_of_one() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let super_admin = person(&world, "Super").await;
    let manager = person(&world, "Manager").await;
    appoint(&world, &super_admin.to_string(), "super_admin").await;
    appoint(&world, &manager.to_string(), "manager").await;
    let tokens = [super_admin, manager].map(|user| claiming(&world, user, "super_admin"));

    assert_eq!(visitor.get("/audit", &tokens[1]).await.status, 200);
    let path = format!("/admins/{manager}");
    let revoked = visitor
        .ask(Method::DELETE, &path, Some(&tokens[0]), None)
        .await;
    assert_eq!(revoked.status, 204);
    let answer = visitor.get("/audit", &tokens[1]).await;
    assert_eq!(answer.outcome(), (403, "not_allowed"));
    world.stop().await;
}

/// Two who take one another's role at once would leave nobody.
#[tokio::test]
async fn a_super_admin_is_always_left() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let admins = [person(&world, "One").await, person(&world, "Other").await];
    for admin in admins {
        appoint(&world, &admin.to_string(), "super_admin").await;
    }
    let [one, other] = admins.map(|user| claiming(&world, user, "athlete"));
    let paths = admins.map(|admin| format!("/admins/{admin}"));

    let both = futures_util::future::join(
        visitor.ask(Method::DELETE, &paths[1], Some(&one), None),
        visitor.ask(Method::DELETE, &paths[0], Some(&other), None),
    );
    let (first, second) = both.await;
    let mut outcomes = [first.outcome(), second.outcome()];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(204, ""), (403, "not_allowed")]);

    let left = world.rows("SELECT to_jsonb(user_id) FROM admins").await;
    let left: Uuid = left[0].as_str().unwrap().parse().unwrap();
    let token = claiming(&world, left, "athlete");
    for (method, path) in [
        (Method::DELETE, format!("/admins/{left}")),
        (Method::POST, format!("/users/{left}/deactivate")),
    ] {
        let answer = visitor.ask(method, &path, Some(&token), None).await;
        assert_eq!(answer.outcome(), (409, "last_super_admin"));
    }
    let leaving = visitor
        .ask(Method::DELETE, "/users/me", Some(&token), None)
        .await;
    assert_eq!(leaving.outcome(), (409, "still_admin"));
    // Nobody changes what they are themselves.
    let path = format!("/admins/{left}");
    let body = json!({"role": "manager"});
    let lowered = visitor
        .ask(Method::PUT, &path, Some(&token), Some(&body))
        .await;
    assert_eq!(lowered.outcome(), (403, "not_allowed"));
    world.stop().await;
}

/// Whoever leaves while somebody gives them a role would be an administrator who cannot come in, perhaps the last.
#[tokio::test]
async fn who_is_leaving_is_not_made_an_administrator() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let admin = person(&world, "Super").await;
    appoint(&world, &admin.to_string(), "super_admin").await;
    let token = claiming(&world, admin, "athlete");
    let leaver = person(&world, "Leaver").await;
    let path = format!("/admins/{leaver}");
    let body = json!({"role": "super_admin"});

    // They are as far as they can be without having committed.
    let mut sql = world.sql().await;
    let mut leaving = sqlx::Connection::begin(&mut sql).await.unwrap();
    sqlx::query(include_str!(
        "../../shared/store/queries/session/lock_user.sql"
    ))
    .bind(leaver)
    .execute(&mut *leaving)
    .await
    .unwrap();
    sqlx::query("UPDATE users SET deactivated_at = now() WHERE id = $1")
        .bind(leaver)
        .execute(&mut *leaving)
        .await
        .unwrap();
    let granting = visitor.ask(Method::PUT, &path, Some(&token), Some(&body));
    let left = async {
        world
            .until(
                "SELECT EXISTS (
                         SELECT FROM pg_stat_activity
                         WHERE usename = 'paceline_community' AND datname = current_database()
                             AND wait_event_type = 'Lock'
                     )
                     OR (SELECT count(*) FROM admins) > 1",
            )
            .await;
        leaving.commit().await.unwrap();
    };
    let (granted, ()) = futures_util::future::join(granting, left).await;

    assert_eq!(granted.outcome(), (404, "not_found"));
    let admins = world.rows("SELECT to_jsonb(user_id) FROM admins").await;
    assert_eq!(admins, [json!(admin)]);
    world.stop().await;
}

/// Whoever asks for what they may not do is refused at once, however busy administrators are.
#[tokio::test]
async fn nobody_waits_for_the_lock_of_administrators_who_may_not_change_them() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let nobody = person(&world, "Nobody").await;
    let token = claiming(&world, nobody, "super_admin");
    let subject = person(&world, "Subject").await;
    let mut sql = world.sql().await;
    let mut busy = sqlx::Connection::begin(&mut sql).await.unwrap();
    sqlx::query(include_str!(
        "../../shared/store/queries/admins/lock_admins.sql"
    ))
    .execute(&mut *busy)
    .await
    .unwrap();

    let role = json!({"role": "manager"});
    for (method, path, body) in [
        (Method::PUT, format!("/admins/{subject}"), Some(&role)),
        (Method::DELETE, format!("/admins/{subject}"), None),
        (Method::POST, format!("/users/{subject}/deactivate"), None),
        (Method::POST, format!("/users/{subject}/reactivate"), None),
    ] {
        let refused = visitor.ask(method, &path, Some(&token), body).await;
        assert_eq!(refused.outcome(), (403, "not_allowed"), "{path}");
    }
    busy.rollback().await.unwrap();
    world.stop().await;
}

///
#[tokio::test]
async fn whom_an_administrator_deactivates_is_out_at_once_and_in_again_when_let_in() {
    let world = world!(Start::Paused);
    let visitor = Visitor::new(&world);
    let admin = person(&world, "Super").await;
    appoint(&world, &admin.to_string(), "super_admin").await;
    let admin = claiming(&world, admin, "athlete");
    let tokens = visitor.newcomer("ada").await;
    let user = crate::people::user_of(&tokens);
    let token = tokens.text("access_token");
    let act = async |what: &str| {
        let path = format!("/users/{user}/{what}");
        visitor
            .ask(Method::POST, &path, Some(&admin), None)
            .await
            .status
    };

    assert_eq!(act("deactivate").await, 204);
    let out = visitor.get("/workouts", &token).await;
    assert_eq!(out.outcome(), (401, "user_unknown"));
    let refreshed = visitor.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(refreshed.outcome(), (401, "refresh_refused"));

    // Again it is nothing new.
    let noted = entries(&world).await.len();
    assert_eq!(act("deactivate").await, 204);
    assert_eq!(entries(&world).await.len(), noted);
    assert_eq!(act("reactivate").await, 204);
    assert_eq!(visitor.get("/workouts", &token).await.status, 200);
    // What was ended stays ended.
    let refreshed = visitor.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(refreshed.outcome(), (401, "refresh_refused"));
    for what in ["deactivate", "reactivate"] {
        let path = format!("/users/{}/{what}", Uuid::from_u128(1));
        let nobody = visitor.ask(Method::POST, &path, Some(&admin), None).await;
        assert_eq!(nobody.outcome(), (404, "not_found"));
    }
    world.stop().await;
}

/// the database lets nobody raise themselves either, whatever the code does.
#[tokio::test]
async fn no_function_can_raise_its_own_user() {
    let world = world!(Start::Paused);
    let club = community(&world).await;
    let member = person(&world, "Member").await;
    join(&world, member, club, "member").await;
    let outsider = person(&world, "Outsider").await;

    for role in ["paceline_identity", "paceline_community"] {
        for (user, statement) in [
            (
                member,
                "INSERT INTO admins (user_id, role) SELECT app_user_id(), 'manager'",
            ),
            (member, "UPDATE memberships SET role = 'admin'"),
            (
                outsider,
                "INSERT INTO memberships (user_id, community_id, role)
                 SELECT app_user_id(), id, 'admin' FROM communities",
            ),
        ] {
            let mut sql = world.database().connect_as(role).await;
            for (name, value) in [
                ("app.user_id", user),
                ("app.person", user),
                ("app.community", club),
            ] {
                sqlx::query("SELECT set_config($1, $2, false)")
                    .bind(name)
                    .bind(value.to_string())
                    .execute(&mut sql)
                    .await
                    .unwrap();
            }
            let done = sqlx::query(statement).execute(&mut sql).await;
            let changed = done.map_or(0, |done| done.rows_affected());
            assert_eq!(changed, 0, "{role}: {statement}");
        }
    }
    let raised = world
        .rows(
            "SELECT to_jsonb(a) FROM admins a
             UNION ALL SELECT to_jsonb(m) FROM memberships m WHERE role <> 'member'",
        )
        .await;
    assert_eq!(raised, Vec::<Value>::new());
    world.stop().await;
}
