//! What an instance believes of the providers that are played on this machine, and where it asks them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Provider;
use crate::identity::Identity;

/// What only an instance and its simulator know, derived from the keys of their folder.
#[derive(Clone)]
pub(super) struct Secrets {
    /// What follows `/webhooks/{provider}/`.
    pub(super) strava_path: String,
    pub(super) garmin_path: String,
    /// What Wahoo's bodies hold.
    pub(super) wahoo_token: String,
    pub(super) subscription_id: u64,
    pub(super) client_secret: String,
    /// Garmin's name of our application.
    pub(super) garmin_client_id: String,
    /// What athletes' tokens are made of.
    pub(super) tokens: String,
}

/// Our id as an application, where it is no secret.
pub(super) const CLIENT_ID: &str = "simulated";

impl Secrets {
    pub(super) fn of(identity: &Identity) -> Self {
        let of = |what: &str| identity.secret_of_simulation(what);
        let digits = of("subscription");
        let digits = digits.get(..8).unwrap_or_default();
        Self {
            strava_path: of("path of strava"),
            garmin_path: of("path of garmin"),
            wahoo_token: of("token of wahoo"),
            subscription_id: u64::from_str_radix(digits, 16).unwrap_or_default(),
            client_secret: of("client"),
            garmin_client_id: of("client id of garmin"),
            tokens: of("tokens"),
        }
    }
}

/// The settings of every provider that can be played at this address.
pub(crate) fn settings(identity: &Identity, url: &str) -> BTreeMap<String, Value> {
    let secrets = Secrets::of(identity);
    let api = |base: &str, provider: Provider| {
        json!({
            "client_id": CLIENT_ID,
            "client_secret": secrets.client_secret,
            "base_url": format!("{url}/{provider}{base}"),
            "token_url": format!("{url}/{provider}/oauth/token"),
        })
    };
    let strava = json!({
        "verify_tokens": [secrets.client_secret],
        "path_secrets": [secrets.strava_path],
        "subscription_id": secrets.subscription_id,
        "api": api("/api/v3/", Provider::Strava),
    });
    let garmin = json!({
        "client_ids": [secrets.garmin_client_id],
        "path_secrets": [secrets.garmin_path],
        "api": api("/wellness-api/rest/", Provider::Garmin),
    });
    let wahoo = json!({
        "tokens": [secrets.wahoo_token],
        "api": api("/v1/", Provider::Wahoo),
    });
    [
        (Provider::Strava, strava),
        (Provider::Garmin, garmin),
        (Provider::Wahoo, wahoo),
    ]
    .into_iter()
    .map(|(provider, settings)| (provider.as_str().to_owned(), settings))
    .collect()
}
