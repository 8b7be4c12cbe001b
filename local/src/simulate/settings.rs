//! What an instance believes of the providers that are played on this machine, and where it asks them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Provider;
use crate::identity::Identity;

/// What only an instance and its simulator know, derived from the keys of their folder.
#[derive(Clone)]
pub(super) struct Secrets(Identity);

/// Our id as an application, where it is no secret.
pub(super) const CLIENT_ID: &str = "simulated";

impl Secrets {
    pub(super) fn of(identity: &Identity) -> Self {
        Self(identity.clone())
    }

    /// The secret for one purpose.
    pub(super) fn for_the(&self, purpose: &str) -> String {
        self.0.secret_of_simulation(purpose)
    }

    /// Ours as an application.
    pub(super) fn client(&self) -> String {
        self.for_the("client")
    }

    /// Ours as an application, for every request (Suunto).
    pub(super) fn subscription_key(&self) -> String {
        self.for_the("subscription key")
    }

    /// The generic provider's, which every instance believes.
    pub(super) fn generic(&self) -> &str {
        self.0.webhook_secret()
    }
}

/// The settings of every provider that can be played at this address.
pub(crate) fn settings(identity: &Identity, url: &str) -> BTreeMap<String, Value> {
    let secrets = Secrets::of(identity);
    let of = |provider: Provider| {
        let player = provider.player();
        let mut settings = player.settings(&secrets);
        let token_url = format!("{url}/{provider}/oauth/token");
        let api = json!({
            "client_id": CLIENT_ID,
            "client_secret": secrets.client(),
            "subscription_key": secrets.subscription_key(),
            "base_url": format!("{url}/{provider}{}", player.base()),
            "token_url": player.has_tokens_that_end().then_some(token_url),
        });
        if let Some(settings) = settings.as_object_mut() {
            settings.insert("api".to_owned(), api);
        }
        (provider.as_str().to_owned(), settings)
    };
    Provider::all().map(of).collect()
}
