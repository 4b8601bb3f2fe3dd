//! The settings of a tenant's webhook: the values that we want, and whether 3scale has accepted them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use threescale::KINDS;

use crate::{config::Pattern, config::Source};

/// The length of 3scale's column for the URL.
const LONGEST_URL: usize = 255;
/// RFC 3986's unreserved characters stay readable.
const IN_QUERY: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The settings to send to 3scale. They hold the secret, so they cannot be printed.
#[derive(Clone)]
pub struct Settings {
    url: String,
    shown_url: String,
    active: bool,
    provider_actions: bool,
    events: Vec<Pattern>,
}

/// The settings that an operator can choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// This Worker's public origin.
    pub origin: String,
    /// The events that trigger the webhook; any one of these.
    pub events: Vec<Pattern>,
    /// `true` to turn the webhook on.
    pub active: bool,
    /// `true` if actions in the admin portal and through the API trigger it, too.
    pub provider_actions: bool,
}

impl Settings {
    /// `None` if the source has no secret, which is a mistake in its configuration.
    #[must_use]
    pub fn of(source: &Source, choice: Choice) -> Option<Self> {
        let secret = source.secrets.iter().next()?;
        let encoded = |text| utf8_percent_encode(text, &IN_QUERY).to_string();
        let before = format!(
            "{}/hooks/{}?{}=",
            choice.origin,
            source.name,
            encoded(&source.secret_param)
        );
        Some(Self {
            url: format!("{before}{}", encoded(secret.reveal())),
            shown_url: format!("{before}…"),
            active: choice.active,
            provider_actions: choice.provider_actions,
            events: choice.events,
        })
    }

    /// Settings that 3scale would reject, or that make no sense.
    ///
    /// # Errors
    ///
    /// The wrong parameter, and the values that would be right.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let length = self.url.chars().count();
        if length > LONGEST_URL {
            let right = format!(
                "and the secret make a hook of {length} characters, and 3scale takes {LONGEST_URL}: use a \
                 shorter secret"
            );
            return Err(("url", right));
        }
        if self.kinds().next().is_none() {
            return Err(("events", "must fit at least one of 3scale's 16".to_owned()));
        }
        Ok(())
    }

    /// The body of the PUT: all switches, since those that are not sent stay as they are. They are nested in
    /// `web_hook`, where 3scale finds them whatever the media type does to flat parameters.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut body = br#"{"web_hook":"#.to_vec();
        body.extend_from_slice(Value::Object(self.members()).to_string().as_bytes());
        body.push(b'}');
        body
    }

    /// The names of the settings that 3scale's response does not confirm.
    #[must_use]
    pub fn differences(&self, answer: &[u8]) -> Vec<String> {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let Some(found) = answer.get("webhook").and_then(Value::as_object) else {
            return vec!["webhook".to_owned()];
        };
        self.members()
            .iter()
            .filter(|(name, wanted)| found.get(name.as_str()) != Some(wanted))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// For the operator: without the secret.
    #[must_use]
    pub fn shown(&self) -> Map<String, Value> {
        let events = self
            .kinds()
            .map(|(kind, action)| Value::from(format!("{kind}.{action}")))
            .collect();
        let mut shown = self.common(&self.shown_url);
        shown.insert("events".to_owned(), Value::Array(events));
        shown
    }

    fn common(&self, url: &str) -> Map<String, Value> {
        let mut members = Map::new();
        for (name, value) in [
            ("url", Value::from(url)),
            ("active", Value::from(self.active)),
            ("provider_actions", Value::from(self.provider_actions)),
        ] {
            members.insert(name.to_owned(), value);
        }
        members
    }

    fn kinds(&self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        KINDS
            .iter()
            .filter(|(kind, action)| self.wants(kind, action))
    }

    fn wants(&self, kind: &str, action: &str) -> bool {
        self.events
            .iter()
            .any(|pattern| pattern.matches(kind, action))
    }

    fn members(&self) -> Map<String, Value> {
        let mut members = self.common(&self.url);
        for (kind, action) in KINDS {
            let on = self.wants(kind, action);
            members.insert(format!("{kind}_{action}_on"), Value::from(on));
        }
        members
    }
}

/// 3scale's own words about settings that it rejects: `{"errors":{"url":["is invalid"]}}`. Values that it repeats could
/// hold the secret, so only short words of the known shape are shown.
#[must_use]
pub fn objections(answer: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let mut words = Vec::new();
    for (name, messages) in answer
        .get("errors")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        for message in messages.as_array().into_iter().flatten() {
            let message = message.as_str().unwrap_or_default();
            if !message.contains("://") && message.len() < 200 {
                words.push(format!("{name} {message}"));
            }
        }
    }
    if words.is_empty() {
        "3scale rejects these settings without saying why.".to_owned()
    } else {
        format!("3scale rejects these settings: {}.", words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{config::RecoverFrom, secret::Secrets};

    fn settings(secrets: &str, events: &[&str]) -> Settings {
        let source = Source {
            vpc: None,
            is_closed: false,
            name: "acme".parse().unwrap(),
            secret_param: "t k".to_owned(),
            secrets: Secrets::from_text(secrets),
            admin_url: None,
            recover_from: RecoverFrom::default(),
            access_token: None,
            silent_after_ms: None,
            shards: 1,
            path: String::new(),
        };
        let choice = Choice {
            origin: "https://edge.example.com".to_owned(),
            events: events.iter().map(|text| text.parse().unwrap()).collect(),
            active: true,
            provider_actions: false,
        };
        Settings::of(&source, choice).unwrap()
    }

    fn sent(settings: &Settings) -> Value {
        serde_json::from_slice::<Value>(&settings.to_json()).unwrap()["web_hook"].clone()
    }

    #[test]
    fn all_sixteen_switches_are_sent_and_the_current_secret_is_encoded() {
        let sent = sent(&settings("a/b+c&d old", &["account.*", "*.deleted"]));
        assert_eq!(
            sent["url"],
            "https://edge.example.com/hooks/acme?t%20k=a%2Fb%2Bc%26d"
        );
        let switches: Vec<_> = sent
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| name.ends_with("_on"))
            .collect();
        assert_eq!(switches.len(), 16);
        let on = switches
            .iter()
            .filter(|(_, on)| **on == json!(true))
            .count();
        assert_eq!(on, 6, "{switches:?}");
        assert_eq!(sent["application_key_deleted_on"], false);
        assert_eq!(
            (&sent["active"], &sent["provider_actions"]),
            (&json!(true), &json!(false))
        );
    }

    #[test]
    fn the_operator_never_sees_the_secret() {
        let shown = Value::Object(settings("hush", &["user.*"]).shown());
        assert_eq!(shown["url"], "https://edge.example.com/hooks/acme?t%20k=…");
        assert_eq!(
            shown["events"],
            json!(["user.created", "user.updated", "user.deleted"])
        );
    }

    #[test]
    fn a_response_confirms_the_settings_it_repeats() {
        let settings = settings("hush", &["*"]);
        let mut answer = json!({ "webhook": sent(&settings) });
        answer["webhook"]["id"] = json!(7);
        let differences = |answer: &Value| settings.differences(answer.to_string().as_bytes());
        assert_eq!(differences(&answer), Vec::<String>::new());
        answer["webhook"]["active"] = json!(false);
        answer["webhook"]["url"] = json!("https://other.example");
        assert_eq!(differences(&answer), ["active", "url"]);
        assert_eq!(settings.differences(b"<html>"), ["webhook"]);
    }

    #[test]
    fn settings_that_3scale_would_reject_are_found_first() {
        assert_eq!(settings("hush", &["*"]).check(), Ok(()));
        let long = "x".repeat(255);
        assert!(
            settings(&long, &["*"])
                .check()
                .unwrap_err()
                .1
                .contains("255")
        );
        assert!(settings("hush", &["invoice.*"]).check().is_err());
    }

    #[test]
    fn validation_errors_are_shown_without_anything_that_could_be_a_secret() {
        assert_eq!(
            objections(br#"{"errors":{"url":["is invalid","x https://a/?t=s"]}}"#),
            "3scale rejects these settings: url is invalid."
        );
        assert!(objections(b"<html>").contains("without saying why"));
    }
}
