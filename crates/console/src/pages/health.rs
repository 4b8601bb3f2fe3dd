//! Health: what is wrong with the configuration and what to do, rotations, what is left of the free plan today.

use askama::Template;
use edge_core::{
    api::{answer::SourceList, usage::Usage},
    config::{Finding, Setup},
    location::Location,
};

use super::in_words;
use crate::{frame::Frame, markup::Markup, moment};

/// Health.
#[derive(Debug, Template)]
#[template(path = "health.html")]
pub struct HealthPage {
    /// What is around it.
    pub frame: Frame,
    /// What keeps a part of the Worker from working.
    pub mistakes: Vec<Note>,
    /// What works but deserves a look.
    pub warnings: Vec<Note>,
    /// Sources whose secret has several values, with the last use of an old one.
    pub rotations: Vec<(String, Option<Markup>)>,
    /// The day of the figures, in UTC.
    pub day: String,
    /// When the limits begin anew.
    pub resets: Markup,
    /// `false` if more was used than could be counted.
    pub is_complete: bool,
    /// Each limit of the free plan.
    pub limits: Vec<Bar>,
    /// The deployment that answers.
    pub deployment: String,
}

/// A finding in the configuration.
#[derive(Debug)]
pub struct Note {
    /// The variable or secret.
    pub item: String,
    /// The problem, and what would be right.
    pub problem: String,
}

/// A limit of the free plan.
#[derive(Debug)]
pub struct Bar {
    /// What is limited.
    pub name: String,
    /// The class for its colour.
    pub class: &'static str,
    /// What was used, at most the limit.
    pub used: u64,
    /// The limit.
    pub limit: u64,
    /// Both in words.
    pub words: String,
    /// What is left, in words.
    pub left: String,
    /// How it was found.
    pub basis: &'static str,
}

impl Note {
    fn of(finding: &Finding) -> Self {
        Self {
            item: finding.item.clone(),
            problem: finding.problem.clone(),
        }
    }
}

impl HealthPage {
    /// From the configuration as it is for somebody who calls this Worker at `url`, and from the API's answers.
    #[must_use]
    pub fn of(
        frame: Frame,
        setup: &Setup,
        url: &Location,
        sources: &SourceList,
        usage: &Usage,
        deployment: String,
    ) -> Self {
        let rotating = sources.sources.iter().filter(|one| one.rotating);
        Self {
            mistakes: setup.mistakes_at(url).map(Note::of).collect(),
            warnings: setup.warnings.iter().map(Note::of).collect(),
            rotations: rotating
                .map(|one| {
                    let used = one.old_secret_last_used_at;
                    (
                        one.name.to_string(),
                        used.map(|at| moment::ago(at, frame.now_ms)),
                    )
                })
                .collect(),
            day: usage.day.clone(),
            resets: moment::until(usage.resets_at, frame.now_ms),
            is_complete: usage.complete,
            limits: usage
                .limits
                .iter()
                .map(|one| Bar {
                    name: match one.name {
                        "kv_writes" => "KV writes".to_owned(),
                        name => in_words(name),
                    },
                    // From half of it on it is worth a look.
                    class: match one.used.saturating_mul(100).checked_div(one.limit) {
                        Some(..50) => "good",
                        Some(50..80) => "wait",
                        _ => "bad",
                    },
                    used: one.used.min(one.limit),
                    limit: one.limit,
                    words: format!(
                        "{} of {}",
                        moment::count(one.used),
                        moment::count(one.limit)
                    ),
                    left: moment::count(one.left),
                    basis: one.basis,
                })
                .collect(),
            deployment,
            frame,
        }
    }
}

#[cfg(test)]
mod tests {
    use edge_core::{
        api::usage::Limit,
        config::{Binding, Environment},
        location::ParseUrl,
        time::UnixMillis,
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::pages::tests::{HOSTILE, frame, is_only_text};

    /// An environment with a source that has no secret, and a variable that somebody wrote markup into.
    struct Faulty;

    impl Environment for Faulty {
        fn table(&self, name: &str) -> Option<Value> {
            (name == "SOURCES").then(|| json!({ "acme": { (HOSTILE): 1 } }))
        }

        fn text(&self, _: &str) -> Option<String> {
            None
        }

        fn names(&self) -> Vec<String> {
            vec!["SOURCES".to_owned()]
        }

        fn has(&self, _: Binding, _: &str) -> bool {
            false
        }

        fn parse_url(&self) -> ParseUrl {
            |_| None
        }
    }

    #[test]
    fn each_mistake_is_named_and_limits_are_bars() {
        let limit = |name, used| Limit {
            name,
            used,
            limit: 1000,
            left: 1000 - used,
            basis: "as counted",
        };
        let usage = Usage {
            day: "2026-11-28".to_owned(),
            resets_at: UnixMillis(3_720_000),
            complete: false,
            limits: vec![limit("requests", 10), limit("kv_writes", 900)],
        };
        let sources = SourceList { sources: vec![] };
        let url = Location::plain("https://edge.example.com/console/health").unwrap();
        let setup = Setup::read(&Faulty);
        let page = HealthPage::of(frame(), &setup, &url, &sources, &usage, String::new());
        let page = page.render().unwrap();
        is_only_text(&page);
        for words in [
            "SOURCE_ACME_SECRET",
            "<progress class=\"good\" max=\"1000\" value=\"10\"",
            "<progress class=\"bad\" max=\"1000\" value=\"900\"",
            "KV writes",
            "1.0.0",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}
