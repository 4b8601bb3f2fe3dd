//! The settings that an operator wants in 3scale: the body of `POST /api/v1/sources/{name}/register`.

use serde_json::{Map, Value};

use super::json_body::{self, wrong};
use crate::{
    admin_api::webhook::{Choice, Settings},
    config::{Config, Pattern, Source},
    location::ParseUrl,
    problem::Problem,
    target,
};

const MEMBERS: [&str; 5] = ["url", "events", "active", "provider_actions", "dry_run"];

/// A requested registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// This Worker's public address, if it is neither `PUBLIC_URL` nor the one that was called.
    pub url: Option<String>,
    /// The events for which 3scale calls; any one of these.
    pub events: Vec<Pattern>,
    /// `true` to turn the webhook on.
    pub active: bool,
    /// `true` if actions in the admin portal and through the API trigger it, too.
    pub provider_actions: bool,
    /// `true` if nothing is to be changed yet.
    pub dry_run: bool,
}

/// The origin to which 3scale will send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// It is configured, or this Worker was called at it.
    Ours(String),
    /// Whoever asks for it may be mistaken, or have stolen a token: it has to prove that it is this Worker.
    Unproven(String),
}

impl Registration {
    /// Parses a body.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let members = json_body::of(body, &MEMBERS)?;
        Ok(Self {
            url: json_body::text(&members, "url")?.map(str::to_owned),
            events: events(&members)?,
            active: json_body::flag_or(&members, "active", true)?,
            provider_actions: json_body::flag_or(&members, "provider_actions", true)?,
            dry_run: json_body::flag_or(&members, "dry_run", false)?,
        })
    }

    /// The origin to which 3scale will send; `called` is the URL at which this Worker was called.
    pub fn address(
        &self,
        parse_url: ParseUrl,
        called: &str,
        config: &Config,
    ) -> Result<Address, Problem> {
        let right = "must be this Worker's public address, such as https://edge.example.com";
        let origin_of = |url: &str| {
            parse_url(url)
                .filter(|location| !location.credentials)
                .map(|location| location.origin)
                .ok_or_else(|| wrong("url", right))
        };
        let called = origin_of(called)?;
        let origin = match (&self.url, &config.public_url) {
            (Some(url), _) => origin_of(url)?,
            (None, Some(public_url)) => public_url.clone(),
            (None, None) => called.clone(),
        };
        target::check(parse_url, &origin, config.allow_local)
            .map_err(|refused| wrong("url", &refused.to_string()))?;
        // The platform has routed the call at `called` to this Worker.
        if origin == called || config.public_url.as_ref() == Some(&origin) {
            Ok(Address::Ours(origin))
        } else {
            Ok(Address::Unproven(origin))
        }
    }

    /// The settings of this source's webhook at this origin.
    pub fn settings(&self, origin: String, source: &Source) -> Result<Settings, Problem> {
        let choice = Choice {
            origin,
            events: self.events.clone(),
            active: self.active,
            provider_actions: self.provider_actions,
        };
        let settings = Settings::of(source, choice).ok_or(Problem::Misconfigured)?;
        settings
            .check()
            .map_err(|(name, right)| wrong(name, &right))?;
        Ok(settings)
    }
}

/// The problem for an address that has not proven to be this Worker: 3scale would send it the source's secret.
#[must_use]
pub fn not_ours(origin: &str) -> Problem {
    wrong(
        "url",
        &format!(
            "must be an address of this Worker, and {origin} has not proven to be one: its /healthz gave another \
             answer, or none. If it is, set PUBLIC_URL to it"
        ),
    )
}

/// The response to a registration: the settings sent to 3scale, and whether it confirms them; `None` after a dry run.
#[must_use]
pub fn answer(
    source: &Source,
    settings: &Settings,
    differences: Option<Vec<String>>,
) -> Map<String, Value> {
    let mut answer = settings.shown();
    let dry_run = differences.is_none();
    answer.insert("source".to_owned(), Value::from(source.name.as_str()));
    answer.insert("dry_run".to_owned(), Value::from(dry_run));
    let confirmed = match differences {
        None => Value::Null,
        Some(names) if names.is_empty() => Value::from(true),
        Some(names) => Value::from(names),
    };
    answer.insert("confirmed".to_owned(), confirmed);
    answer
}

fn events(members: &Map<String, Value>) -> Result<Vec<Pattern>, Problem> {
    let Some(events) = members.get("events") else {
        return Ok(vec![Pattern::ANY]);
    };
    let pattern = |event: &Value| event.as_str()?.parse().ok();
    let events = events
        .as_array()
        .and_then(|events| events.iter().map(pattern).collect());
    events.ok_or_else(|| {
        wrong(
            "events",
            "must be a list such as [\"account.*\", \"user.created\"]",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::tests::{config, public},
        location::parse_url,
    };

    const CALLED: &str = "https://edge.example.com/api/v1/sources/acme/register";

    fn settings(body: &str) -> Result<Map<String, Value>, Problem> {
        let config = config();
        let source = config.source("acme").unwrap();
        let registration = Registration::read(body.as_bytes())?;
        let (Address::Ours(origin) | Address::Unproven(origin)) =
            registration.address(parse_url, CALLED, &config)?;
        let settings = registration.settings(origin, source)?;
        Ok(answer(source, &settings, None))
    }

    #[test]
    fn without_a_body_everything_is_sent_to_the_address_that_was_called() {
        let shown = settings("").unwrap();
        assert_eq!(shown["url"], "https://edge.example.com/hooks/acme?token=…");
        assert_eq!(shown["events"].as_array().unwrap().len(), 16);
        assert_eq!(
            (&shown["active"], &shown["provider_actions"]),
            (&true.into(), &true.into())
        );
        assert_eq!(
            (&shown["dry_run"], &shown["confirmed"]),
            (&true.into(), &Value::Null)
        );
    }

    #[test]
    fn only_the_public_url_and_the_called_address_need_no_proof() {
        let address = |config: &Config, body: &str| {
            let registration = Registration::read(body.as_bytes()).unwrap();
            registration.address(parse_url, CALLED, config).unwrap()
        };
        let ours = |origin: &str| Address::Ours(origin.to_owned());
        let edge = "https://edge.example.com";
        let hooks = "https://hooks.example.com";
        let (plain, public) = (config(), public(hooks));
        assert_eq!(address(&plain, ""), ours(edge));
        assert_eq!(address(&public, ""), ours(hooks));
        let body = format!(r#"{{"url":"{hooks}/x"}}"#);
        assert_eq!(address(&plain, &body), Address::Unproven(hooks.to_owned()));
        assert_eq!(address(&public, &body), ours(hooks));
        let body = format!(r#"{{"url":"{edge}"}}"#);
        assert_eq!(address(&public, &body), ours(edge));
        // Another port is another server.
        let body = format!(r#"{{"url":"{edge}:8443"}}"#);
        assert!(matches!(address(&public, &body), Address::Unproven(_)));
    }

    #[test]
    fn each_member_is_read() {
        let shown = settings(
            r#"{"url":"https://hooks.example.com/x","events":["user.*"],"active":false,"provider_actions":false}"#,
        )
        .unwrap();
        assert_eq!(shown["url"], "https://hooks.example.com/hooks/acme?token=…");
        assert_eq!(shown["events"].as_array().unwrap().len(), 3);
        assert_eq!(
            (&shown["active"], &shown["provider_actions"]),
            (&false.into(), &false.into())
        );
    }

    #[test]
    fn each_invalid_member_is_named() {
        for (body, name) in [
            (r#"{"url":"edge.example.com"}"#, "url"),
            (r#"{"url":"https://u:p@edge.example.com"}"#, "url"),
            (r#"{"url":"http://edge.example.com"}"#, "url"),
            (r#"{"url":"https://10.0.0.1"}"#, "url"),
            (r#"{"url":"https://metadata.google.internal"}"#, "url"),
            (r#"{"events":"user.*"}"#, "events"),
            (r#"{"events":["user"]}"#, "events"),
            (r#"{"active":"yes"}"#, "active"),
            (r#"{"dry_run":1}"#, "dry_run"),
            (r#"{"uri":"x"}"#, "uri"),
        ] {
            let problem = settings(body).unwrap_err().to_string();
            assert!(problem.starts_with(&format!("`{name}` ")), "{problem}");
        }
    }

    #[test]
    fn the_answer_says_whether_3scale_confirms() {
        let config = config();
        let source = config.source("acme").unwrap();
        let registration = Registration::read(b"").unwrap();
        let settings = registration
            .settings("https://edge.example.com".to_owned(), source)
            .unwrap();
        let confirmed = |differences| answer(source, &settings, differences)["confirmed"].clone();
        assert_eq!(confirmed(Some(Vec::new())), Value::from(true));
        assert_eq!(
            confirmed(Some(vec!["url".to_owned()])),
            Value::from(vec!["url"])
        );
    }
}
