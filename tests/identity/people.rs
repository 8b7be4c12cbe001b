//! Asking as somebody, or as nobody, and from anywhere.

use reqwest::Method;
use serde_json::{Value, json};
use std::net::IpAddr;
use support::world::World;

/// What the tests' passwords are; no log may hold it.
pub(crate) const PASSWORD: &str = "canary password";

/// An answer with what rate limits say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn outcome(&self) -> (u16, &str) {
        (self.status, self.code())
    }

    /// A text of the body.
    #[track_caller]
    pub(crate) fn text(&self, key: &str) -> String {
        let text = self.body[key].as_str();
        assert!(text.is_some(), "no {key} in {self:?}");
        text.unwrap().to_owned()
    }
}

/// A client with an address of its own.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    http: reqwest::Client,
    url: String,
}

impl Visitor {
    pub(crate) fn new(world: &World) -> Self {
        Self::from(world, [127, 0, 0, 1].into())
    }

    /// One that comes from this address of the machine.
    pub(crate) fn from(world: &World, address: IpAddr) -> Self {
        let http = reqwest::Client::builder().local_address(address);
        Self {
            http: http.build().unwrap(),
            url: world.endpoint().url.clone(),
        }
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request
            // What a client says of its own address is not believed.
            .header("x-forwarded-for", "203.0.113.9")
            .send()
            .await
            .unwrap();
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.map(|value| value.to_str().unwrap().parse().unwrap());
        let status = response.status().as_u16();
        let text = response.bytes().await.unwrap();
        Reply {
            status,
            retry_after,
            body: serde_json::from_slice(&text).unwrap_or_default(),
        }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::POST, path, None, Some(&body)).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.ask(Method::GET, path, Some(token), None).await
    }

    pub(crate) async fn register(&self, name: &str) -> Reply {
        let body = json!({
            "email": address(name), "password": PASSWORD, "display_name": name,
        });
        self.post("/auth/register", body).await
    }

    /// Registers somebody new, and answers their tokens.
    pub(crate) async fn newcomer(&self, name: &str) -> Reply {
        let registered = self.register(name).await;
        assert_eq!(registered.status, 201, "{registered:?}");
        registered
    }

    pub(crate) async fn login(&self, name: &str, password: &str) -> Reply {
        self.login_at("/auth/login", &address(name), password).await
    }

    pub(crate) async fn login_at(&self, path: &str, email: &str, password: &str) -> Reply {
        self.post(path, json!({"email": email, "password": password}))
            .await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.post("/auth/refresh", json!({ "refresh_token": token }))
            .await
    }

    pub(crate) async fn logout(&self, token: &str) -> Reply {
        self.post("/auth/logout", json!({ "refresh_token": token }))
            .await
    }
}

pub(crate) fn address(name: &str) -> String {
    format!("{name}@example.org")
}

/// Makes somebody an administrator, as an operator does.
pub(crate) async fn appoint(world: &World, user_id: &str, role: &str) {
    sqlx::query(
        "INSERT INTO admins (user_id, role) VALUES ($1::uuid, $2)
         ON CONFLICT ON CONSTRAINT admins_pkey DO UPDATE SET role = EXCLUDED.role",
    )
    .bind(user_id)
    .bind(role)
    .execute(&mut world.sql().await)
    .await
    .unwrap();
}

/// The entries of the audit log, in their order.
pub(crate) async fn entries(world: &World) -> Vec<Value> {
    world
        .rows("SELECT to_jsonb(a) FROM audit_log a ORDER BY id")
        .await
}

/// Who an answer with tokens is for.
pub(crate) fn user_of(tokens: &Reply) -> String {
    tokens.body["user"]["user_id"].as_str().unwrap().to_owned()
}
