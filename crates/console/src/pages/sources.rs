//! The sources: what each sends, and what to switch on in 3scale.

use askama::Template;
use edge_core::{
    api::answer::{SourceList, SourceOverview},
    config::Config,
    messages::recovery::{State, StepReport},
};

use super::{Badge, badge, in_words};
use crate::{frame::Frame, link::encoded, markup::Markup, moment};

/// The sources.
#[derive(Debug, Template)]
#[template(path = "sources.html")]
pub struct SourcesPage {
    /// What is around it.
    pub frame: Frame,
    /// Each source.
    pub sources: Vec<Row>,
}

/// A source.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its name in a link, and in ids of the page.
    pub link: String,
    /// Its state.
    pub badge: Badge,
    /// What the state means, and what to do.
    pub note: &'static str,
    /// When it last sent something.
    pub last: Option<Markup>,
    /// When 3scale's Ping! last reached us.
    pub ping: Option<Markup>,
    /// The limit of its silence.
    pub silence: String,
    /// Its figures.
    pub figures: Vec<(&'static str, String, String)>,
    /// Our URL, with dots for the secret.
    pub url: String,
    /// What to look at in 3scale, while nothing has come.
    pub is_new: bool,
    /// `true` if it can be registered, and recovered.
    pub is_registrable: bool,
    /// What has to be set so that it can be.
    pub missing: String,
    /// What is said of a rotation, while its secret has several values.
    pub rotation: Option<Rotation>,
    /// The last step of its recovery.
    pub recovery: Option<Recovery>,
}

/// The rotation of a secret.
#[derive(Debug)]
pub struct Rotation {
    /// When an old value was last used.
    pub old_used: Option<Markup>,
}

/// The last step of a recovery.
#[derive(Debug)]
pub struct Recovery {
    /// Its result.
    pub badge: Badge,
    /// When it was made.
    pub at: Option<Markup>,
    /// When the next begins, if that is known.
    pub next: Option<Markup>,
    /// The result in words, with what to do.
    pub detail: String,
    /// What became of the entries of 3scale's list.
    pub figures: Vec<(&'static str, String)>,
    /// What stays in the list, and why.
    pub notes: Vec<String>,
}

impl SourcesPage {
    /// From the API's answer; `origin` is this Worker's.
    #[must_use]
    pub fn of(frame: Frame, list: &SourceList, config: &Config, origin: &str) -> Self {
        let origin = config.public_url.as_deref().unwrap_or(origin);
        Self {
            sources: list
                .sources
                .iter()
                .map(|one| Row::of(one, config, origin, frame.now_ms))
                .collect(),
            frame,
        }
    }
}

impl Row {
    fn of(one: &SourceOverview, config: &Config, origin: &str, now_ms: i64) -> Self {
        let configured = config.source(one.name.as_str());
        let parameter = configured.map_or("token", |source| source.secret_param.as_str());
        let link = encoded(one.name.as_str());
        let silence = configured.and_then(|source| source.silent_after_ms);
        let (badge, note) = state(one);
        let mut figures = vec![
            (
                "events",
                moment::count(one.events),
                format!("/console/events?source={link}"),
            ),
            ("repeats", moment::count(one.repeats), String::new()),
            (
                "quarantined",
                moment::count(one.quarantined),
                format!("/console/quarantine?source={link}"),
            ),
        ];
        if one.inboxes > 1 {
            figures.push(("inboxes", moment::count(one.inboxes.into()), String::new()));
        }
        Self {
            url: format!("{origin}/hooks/{link}?{}=…", encoded(parameter)),
            badge,
            note,
            last: one.last_received_at.map(|at| moment::ago(at, now_ms)),
            ping: one.last_ping_at.map(|at| moment::ago(at, now_ms)),
            silence: silence.map_or_else(
                || "not watched: silent_after_hours is not set".to_owned(),
                |ms| format!("an alert after {} without an event", moment::duration(ms)),
            ),
            figures,
            is_new: one.last_received_at.is_none(),
            is_registrable: one.registrable,
            missing: missing(configured, one),
            rotation: one.rotating.then(|| Rotation {
                old_used: one
                    .old_secret_last_used_at
                    .map(|at| moment::ago(at, now_ms)),
            }),
            recovery: one.recovery.as_ref().map(|step| Recovery::of(step, now_ms)),
            name: one.name.to_string(),
            link,
        }
    }
}

fn state(one: &SourceOverview) -> (Badge, &'static str) {
    if one.closed {
        let note =
            "A mistake in its configuration keeps it from taking anything in. Health names it.";
        return (badge("bad", "closed"), note);
    }
    match (one.last_received_at, one.silent) {
        (None, _) => (badge("calm", "nothing yet"), ""),
        (_, Some(true)) => (
            badge("wait", "silent"),
            "Nothing has come for longer than it may. If that is not right: is the webhook on in 3scale, with this URL?",
        ),
        _ => (badge("good", "receiving"), ""),
    }
}

/// What keeps a source from being registered.
fn missing(configured: Option<&edge_core::config::Source>, one: &SourceOverview) -> String {
    let Some(source) = configured.filter(|_| !one.registrable) else {
        return String::new();
    };
    let secret = one.name.env_name();
    match (&source.admin_url, &source.access_token) {
        (None, None) => format!("admin_url and the secret SOURCE_{secret}_ACCESS_TOKEN"),
        (None, Some(_)) => "admin_url".to_owned(),
        (Some(_), _) => format!("the secret SOURCE_{secret}_ACCESS_TOKEN"),
    }
}

impl Recovery {
    fn of(step: &StepReport, now_ms: i64) -> Self {
        let result = match step.state {
            State::Ok if step.more => badge("wait", "going on"),
            State::Ok => badge("good", "ok"),
            State::Running => badge("wait", "under way"),
            State::NotYet => badge("calm", "no step yet"),
            State::Failed(code) => badge("bad", &in_words(code.as_str())),
        };
        let count = |number: u32| moment::count(number.into());
        let mut notes = Vec::new();
        if step.held > 0 {
            notes.push(format!(
                "{} cannot be decided yet, and stay in 3scale's list.",
                count(step.held)
            ));
        }
        if step.no_place > 0 {
            notes.push(format!(
                "{} cannot be parsed, and the quarantine has no place for them: drop or parse again what is there.",
                count(step.no_place)
            ));
        }
        if step.foreign > 0 {
            notes.push(format!(
                "{} were sent to another address, such as {}: if it is this Worker's, set PUBLIC_URL or recover_from.",
                count(step.foreign),
                step.foreign_origin.as_deref().unwrap_or("one that cannot be read")
            ));
        }
        if step.failures_in_a_row > 1 {
            notes.push(format!(
                "{} steps in a row have failed.",
                count(step.failures_in_a_row)
            ));
        }
        Self {
            badge: result,
            at: step.at.map(|at| moment::ago(at, now_ms)),
            next: step.next_at.map(|at| moment::until(at, now_ms)),
            detail: step.detail.clone().unwrap_or_default(),
            figures: vec![
                ("read", count(step.read)),
                ("new", count(step.taken_in)),
                (
                    "had arrived",
                    count(step.repeats.saturating_add(step.known)),
                ),
                ("quarantined", count(step.quarantined)),
            ],
            notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use edge_core::{
        config::{RecoverFrom, Source},
        secret::Secrets,
        time::UnixMillis,
    };

    use super::*;
    use crate::pages::tests::{HOSTILE, frame, is_only_text};

    fn overview() -> SourceOverview {
        SourceOverview {
            name: "acme".parse().unwrap(),
            inboxes: 1,
            closed: false,
            events: 12_345,
            repeats: 3,
            quarantined: 1,
            last_received_at: Some(UnixMillis(60_000)),
            last_ping_at: None,
            silent: Some(false),
            rotating: false,
            old_secret_last_used_at: None,
            registrable: false,
            recovery: None,
        }
    }

    fn page(one: SourceOverview) -> String {
        let source = Source {
            name: "acme".parse().unwrap(),
            secret_param: "token".to_owned(),
            secrets: Secrets::default(),
            admin_url: None,
            vpc: None,
            recover_from: RecoverFrom::default(),
            silent_after_ms: Some(86_400_000),
            access_token: None,
            shards: 1,
            is_closed: false,
            path: "/sources/acme".to_owned(),
        };
        let mut config = Config::default();
        config.sources = vec![source];
        let list = SourceList { sources: vec![one] };
        let page = SourcesPage::of(frame(), &list, &config, "https://edge.example.com");
        page.render().unwrap().replace("<wbr>", "")
    }

    #[test]
    fn while_nothing_has_come_the_page_says_what_to_look_at_in_3scale() {
        let new = page(SourceOverview {
            last_received_at: None,
            last_ping_at: Some(UnixMillis(60_000)),
            ..overview()
        });
        for words in [
            "Webhooks enabled",
            "Actions in the admin portal also trigger webhooks",
            "provider key",
            "nothing yet",
            "https://edge.example.com/hooks/acme?token=…",
            "SOURCE_ACME_ACCESS_TOKEN",
            "was answered 200",
        ] {
            assert!(new.contains(words), "{words}: {new}");
        }
        assert!(
            !new.contains("/register\""),
            "without a token it cannot be registered"
        );
        let old = page(overview());
        assert!(old.contains("has not reached us yet"), "{old}");
        assert!(old.contains("receiving") && !old.contains("<ol class=\"checks\""));
    }

    #[test]
    fn a_rotation_and_a_failed_recovery_say_what_to_do() {
        let step = StepReport {
            detail: Some(format!("3scale says {HOSTILE}")),
            foreign: 2,
            foreign_origin: Some("https://old.example.com".to_owned()),
            at: Some(UnixMillis(0)),
            ..StepReport::new(
                "acme".parse().unwrap(),
                State::Failed(edge_core::admin_api::error::Code::AccessDenied),
            )
        };
        let page = page(SourceOverview {
            silent: Some(true),
            rotating: true,
            old_secret_last_used_at: Some(UnixMillis(60_000)),
            registrable: true,
            recovery: Some(step),
            ..overview()
        });
        is_only_text(&page);
        for words in [
            "access denied",
            "https://old.example.com",
            "action=\"/console/sources/acme/register\"",
            "action=\"/console/recoveries\"",
            "silent",
            "old value",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}
