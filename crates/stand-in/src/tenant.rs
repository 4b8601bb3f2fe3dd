//! One tenant: the settings of its one webhook, its credentials, and its list of failures.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::credentials::Credentials;
use crate::failures::Failures;
use crate::kinds::Kind;
use crate::target::Target;

/// The state that the admin API reads and changes.
pub struct Tenant {
    /// The valid credentials for the admin API.
    pub credentials: Credentials,
    /// A suspended tenant gets 403 without a body everywhere.
    pub suspended: bool,
    /// Share of requests to the admin API that fail, or whose response gets lost.
    pub faults: f64,
    /// The settings of its one webhook.
    pub webhook: Mutex<Webhook>,
    /// The list of failures.
    pub failures: Arc<Mutex<Failures>>,
}

impl Tenant {
    /// A tenant whose admin API has no faults, and whose list of failures is empty.
    pub fn new(credentials: Credentials, webhook: Webhook) -> Self {
        Self {
            credentials,
            suspended: false,
            faults: 0.0,
            webhook: Mutex::new(webhook),
            failures: Arc::default(),
        }
    }
}

/// porta's row in `web_hooks`. Everything in it is off until someone turns it on.
#[derive(Clone, Debug)]
pub struct Webhook {
    url: Value,
    active: bool,
    provider_actions: bool,
    switches: BTreeMap<String, bool>,
}

impl Default for Webhook {
    fn default() -> Self {
        let switches = Kind::ALL
            .iter()
            .map(|kind| (kind.switch(), false))
            .collect();
        Self {
            url: Value::Null,
            active: false,
            provider_actions: false,
            switches,
        }
    }
}

impl Webhook {
    /// Active, with every kind on.
    pub fn on(target: &Target) -> Self {
        let switches = Kind::ALL.iter().map(|kind| (kind.switch(), true)).collect();
        Self {
            url: target.url().into(),
            active: true,
            provider_actions: true,
            switches,
        }
    }

    /// The target for an event of this kind, if the webhook sends it.
    pub fn target(&self, kind: Kind) -> Option<Target> {
        let on = self.active
            && self
                .switches
                .get(&kind.switch())
                .copied()
                .unwrap_or_default();
        on.then(|| self.url.as_str()?.parse().ok()).flatten()
    }

    /// Applies the permitted settings of a PUT; missing ones stay as they are, others are ignored.
    ///
    /// # Errors
    /// The messages by field, when the result is active and its URL is not http(s) or over 255 characters.
    pub(crate) fn update(&mut self, changes: &Map<String, Value>) -> Result<(), Value> {
        let mut result = self.clone();
        for (name, value) in changes {
            match name.as_str() {
                "url" => result.url = value.clone(),
                "active" => result.active = truthy(value),
                "provider_actions" => result.provider_actions = truthy(value),
                switch => {
                    if let Some(on) = result.switches.get_mut(switch) {
                        *on = truthy(value);
                    }
                }
            }
        }
        let url = result.url.as_str().unwrap_or_default();
        if result.active && !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(json!({ "url": ["is invalid"] }));
        }
        if result.active && url.chars().count() > 255 {
            return Err(json!({ "url": ["is too long (maximum is 255 characters)"] }));
        }
        *self = result;
        Ok(())
    }

    /// The settings as the admin API shows them.
    pub fn json(&self) -> Value {
        let mut webhook = json!({
            "url": self.url,
            "active": self.active,
            "provider_actions": self.provider_actions,
        });
        if let Some(fields) = webhook.as_object_mut() {
            fields.extend(
                self.switches
                    .iter()
                    .map(|(name, &on)| (name.clone(), on.into())),
            );
        }
        json!({ "webhook": webhook })
    }
}

/// The values that Rails takes for true in a boolean column.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => !matches!(
            text.as_str(),
            "" | "0" | "f" | "F" | "false" | "FALSE" | "off" | "OFF"
        ),
        Value::Number(number) => number.as_i64() != Some(0),
        _ => false,
    }
}
