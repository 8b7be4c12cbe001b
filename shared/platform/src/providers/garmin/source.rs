//! How Garmin is asked: only at the addresses that it told.
//!
//! Source: Garmin's "Activity API" start guide, "Ping Service" and "Activity Files"; the limit is
//! what open-wearables' client assumes.

use super::activity::{Told, activity_id};
use super::{FILES, Note};
use crate::problem::Problem;
use crate::providers::answers::{brought, found, from_file};
use crate::providers::api::{Answer, Api, Refusal};
use crate::providers::oauth::{OAuth, Revocation, Whose};
use crate::providers::source::{ApiSettings, Asked, Fetched, Source, Window};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where the addresses that it tells lead.
const HOSTS: &[&str] = &["apis.garmin.com"];

const WINDOWS: &[Window] = &[Window::of(100, 60)];

/// Source: Garmin's specification of OAuth 2.0 with PKCE, and its start guide, "Get User ID" and
/// "Delete User Registration". What is granted is no scope but a permission.
static OAUTH: OAuth = OAuth {
    authorise_url: "https://apis.garmin.com/tools/oauth2/authorizeUser",
    exchange_url: None,
    scopes: &[],
    separator: " ",
    has_challenge: true,
    account: Whose::Asked("user/id", "/userId"),
    registration: None,
    revocation: Revocation::Deleted("user/registration"),
};

/// Garmin, as it is asked.
#[derive(Debug)]
pub struct GarminApi(pub ApiSettings);

impl Source for GarminApi {
    fn settings(&self) -> &ApiSettings {
        &self.0
    }

    fn documented_base_url(&self) -> &'static str {
        "https://apis.garmin.com/wellness-api/rest/"
    }

    fn documented_token_url(&self) -> Option<&'static str> {
        Some("https://diauth.garmin.com/di-oauth2-service/oauth/token")
    }

    fn windows(&self) -> &'static [Window] {
        WINDOWS
    }

    fn oauth(&self) -> Option<&'static OAuth> {
        Some(&OAUTH)
    }

    fn fetch<'a>(
        &'a self,
        api: &'a Api<'a>,
        asked: Asked<'a>,
    ) -> BoxFuture<'a, Result<Fetched, Refusal>> {
        Box::pin(self.fetch(api, asked))
    }
}

impl GarminApi {
    async fn fetch(&self, api: &Api<'_>, asked: Asked<'_>) -> Result<Fetched, Refusal> {
        let body = asked.delivery.map(|delivery| delivery.body);
        let lists: BTreeMap<String, Vec<Value>> = body
            .and_then(|body| serde_json::from_slice(body).ok())
            .ok_or_else(|| Refusal::Unusable("what Garmin said of it is not kept".to_owned()))?;
        let (list, element) = lists
            .into_iter()
            .find_map(|(name, list)| Some((name, named(list, asked.activity_id)?)))
            .ok_or_else(|| Refusal::Unusable("Garmin said nothing of it".to_owned()))?;
        let address = Note::deserialize(&element)
            .ok()
            .and_then(|note| note.callback_url);
        let Some(address) = address else {
            return told(element);
        };
        let answer = self.download(api, &address).await?;
        if list == FILES {
            let beside = Told::read(element).ok();
            let (name, beside) = beside.map(|told| (told.name, told.activity)).unzip();
            return from_file(name.flatten(), &answer.body, beside);
        }
        let list: Vec<Value> = answer.json()?;
        told(named(list, asked.activity_id).ok_or_else(|| {
            Refusal::Unusable("the address that Garmin told does not have it".to_owned())
        })?)
    }

    /// What is no longer at an address is not gone from Garmin: addresses end after a day.
    async fn download(&self, api: &Api<'_>, address: &str) -> Result<Answer, Refusal> {
        let hosts = self.0.hosts(HOSTS);
        found(api.download(address, &hosts).await?)?
            .ok_or_else(|| Refusal::Unusable("the address that Garmin told has ended".to_owned()))
    }
}

/// The element of an activity.
fn named(list: Vec<Value>, id: &str) -> Option<Value> {
    list.into_iter().find(|element| {
        let note = Note::deserialize(element).ok();
        note.and_then(|note| activity_id(note.summary_id, note.activity_id))
            .is_some_and(|found| found == id)
    })
}

fn told(element: Value) -> Result<Fetched, Refusal> {
    let unusable = |problem: Problem| Refusal::Unusable(problem.code().to_owned());
    let told = Told::read(element).map_err(unusable)?;
    brought(told.name, told.activity, false)
}
