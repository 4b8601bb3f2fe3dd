//! `GET /metrics`: the figures in Prometheus' text format. A label is a source, a destination, an outcome or a code,
//! never an account, an object, an id or a URL.

use std::fmt::{self, Write as _};

use crate::{
    messages::{
        metrics::{Attempts, BOUNDS_MS, InboxMetrics},
        recovery::{State, StepReport},
    },
    name::SourceName,
    state::DestinationHealth,
};

/// The media type of the format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The figures of one source.
#[derive(Debug)]
pub struct SourceMetrics {
    /// The source.
    pub source: SourceName,
    /// Those of its inboxes together; `None` if one did not answer.
    pub inboxes: Option<InboxMetrics>,
    /// The last step of its recovery, if it has one that answers.
    pub recovery: Option<StepReport>,
}

/// The whole text.
#[must_use]
pub fn text(version: &str, sources: &[SourceMetrics], now_ms: i64) -> String {
    let mut page = Page::default();
    page.family("build_info", "gauge", "The version of the Worker.");
    page.sample("build_info", &[("version", version)], 1);
    page.family(
        "source_up",
        "gauge",
        "1 if every inbox of the source answered; 0 leaves out its other figures.",
    );
    for one in sources {
        let up = u64::from(one.inboxes.is_some());
        page.sample("source_up", &[("source", one.source.as_str())], up);
    }
    let answered: Vec<_> = sources
        .iter()
        .filter_map(|one| Some((one.source.as_str(), one.inboxes.as_ref()?)))
        .collect();
    of_sources(&mut page, &answered);
    of_destinations(&mut page, &answered, now_ms);
    of_attempts(&mut page, &answered);
    of_recoveries(&mut page, sources);
    page.0
}

fn of_sources(page: &mut Page, all: &[(&str, &InboxMetrics)]) {
    page.family(
        "events_accepted_total",
        "counter",
        "Events in the log so far: notifications, recovered ones, and our own alerts.",
    );
    for (source, inbox) in all {
        page.sample("events_accepted_total", &[("source", source)], inbox.events);
    }
    page.family(
        "duplicates_total",
        "counter",
        "Notifications that repeated an earlier event.",
    );
    for (source, inbox) in all {
        page.sample("duplicates_total", &[("source", source)], inbox.repeats);
    }
    page.family(
        "last_received_timestamp_seconds",
        "gauge",
        "When the source last sent a notification.",
    );
    for (source, inbox) in all {
        if let Some(at) = inbox.last_received_at {
            let labels = [("source", *source)];
            page.sample("last_received_timestamp_seconds", &labels, Seconds(at.0));
        }
    }
    page.family(
        "quarantine_bodies",
        "gauge",
        "Bodies in the quarantine: rejected with this code, and kept.",
    );
    for (source, inbox) in all {
        for (code, quarantined) in &inbox.quarantine {
            let labels = [("source", *source), ("code", code)];
            page.sample("quarantine_bodies", &labels, quarantined.bodies);
        }
    }
    page.family(
        "quarantine_rejections",
        "gauge",
        "How often the bodies in the quarantine were sent and rejected.",
    );
    for (source, inbox) in all {
        for (code, quarantined) in &inbox.quarantine {
            let labels = [("source", *source), ("code", code)];
            page.sample("quarantine_rejections", &labels, quarantined.times);
        }
    }
}

fn of_destinations(page: &mut Page, all: &[(&str, &InboxMetrics)], now_ms: i64) {
    page.family(
        "deliveries",
        "gauge",
        "Deliveries that the destination has, that wait, and whose attempts ran out.",
    );
    for (source, inbox) in all {
        for one in &inbox.destinations {
            let outcomes = [
                ("delivered", one.delivered),
                ("waiting", one.waiting),
                ("dead", one.dead),
            ];
            for (outcome, count) in outcomes {
                let name = one.name.as_str();
                let labels = [
                    ("source", *source),
                    ("destination", name),
                    ("outcome", outcome),
                ];
                page.sample("deliveries", &labels, count);
            }
        }
    }
    let mut family = |name: &str, help: &str, value: &dyn Fn(&Overview) -> Option<u64>| {
        page.family(name, "gauge", help);
        for (source, inbox) in all {
            for one in &inbox.destinations {
                if let Some(value) = value(one) {
                    let labels = [("source", *source), ("destination", one.name.as_str())];
                    page.sample(name, &labels, value);
                }
            }
        }
    };
    family(
        "oldest_waiting_age_seconds",
        "How long ago the oldest event was received that waits; 0 if none does.",
        &|one| {
            let age = one.oldest_waiting_at.map_or(0, |at| now_ms - at.0);
            Some(u64::try_from(age / 1000).unwrap_or_default())
        },
    );
    family(
        "breaker_open",
        "1 while the destination's breaker is open.",
        &|one| Some(u64::from(one.state == DestinationHealth::Open)),
    );
    family("paused", "1 while the destination is paused.", &|one| {
        Some(u64::from(one.state == DestinationHealth::Paused))
    });
    family(
        "removed",
        "1 if the destination is no longer configured, and has deliveries left.",
        &|one| Some(u64::from(one.state == DestinationHealth::Removed)),
    );
    family(
        "failures_in_a_row",
        "Failed attempts since the last success.",
        &|one| Some(one.failures_in_a_row.into()),
    );
}

type Overview = crate::messages::destinations::DestinationOverview;

fn of_attempts(page: &mut Page, all: &[(&str, &InboxMetrics)]) {
    let attempts = || {
        all.iter().flat_map(|(source, inbox)| {
            let each = inbox.attempts.iter();
            each.map(|(name, attempts)| {
                (
                    [("source", *source), ("destination", name.as_str())],
                    attempts,
                )
            })
        })
    };
    page.family(
        "attempts_total",
        "counter",
        "Attempts by outcome, since the inbox was loaded into memory.",
    );
    for (labels, attempts) in attempts() {
        for (outcome, times) in &attempts.outcomes {
            let [source, destination] = labels;
            let labels = [source, destination, ("outcome", outcome.as_str())];
            page.sample("attempts_total", &labels, *times);
        }
    }
    page.family(
        "attempt_duration_seconds",
        "histogram",
        "How long attempts took, since the inbox was loaded into memory.",
    );
    for ([source, destination], attempts) in attempts() {
        page.histogram("attempt_duration_seconds", [source, destination], attempts);
    }
}

fn of_recoveries(page: &mut Page, sources: &[SourceMetrics]) {
    let all = || {
        sources
            .iter()
            .filter_map(|one| Some((one.source.as_str(), one.recovery.as_ref()?)))
    };
    page.family(
        "recovery_failures_in_a_row",
        "gauge",
        "Steps of recovery that failed one after the other; 0 after one that did not.",
    );
    for (source, step) in all() {
        let labels = [("source", source)];
        page.sample(
            "recovery_failures_in_a_row",
            &labels,
            step.failures_in_a_row,
        );
    }
    page.family(
        "recovery_failed",
        "gauge",
        "1 with the code of the failure, if the last step failed.",
    );
    for (source, step) in all() {
        if let State::Failed(code) = step.state {
            let labels = [("source", source), ("code", code.as_str())];
            page.sample("recovery_failed", &labels, 1);
        }
    }
    page.family(
        "recovery_last_step_timestamp_seconds",
        "gauge",
        "When the last step of recovery began.",
    );
    for (source, step) in all() {
        if let Some(at) = step.at {
            let labels = [("source", source)];
            page.sample(
                "recovery_last_step_timestamp_seconds",
                &labels,
                Seconds(at.0),
            );
        }
    }
    page.family(
        "recovery_held_entries",
        "gauge",
        "Entries that the last step left in 3scale's list since they cannot be decided yet, or are not ours.",
    );
    for (source, step) in all() {
        let left = step.held.saturating_add(step.foreign);
        page.sample("recovery_held_entries", &[("source", source)], left);
    }
}

/// The text so far.
#[derive(Default)]
struct Page(String);

impl Page {
    /// Begins a metric.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(
            self.0,
            "# HELP threescale_edge_{name} {help}\n# TYPE threescale_edge_{name} {kind}"
        );
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl fmt::Display) {
        let _ = write!(self.0, "threescale_edge_{name}");
        for (index, (label, text)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.0, "{before}{label}=\"{text}\"");
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{after} {value}");
    }

    fn histogram(&mut self, name: &str, labels: [(&str, &str); 2], attempts: &Attempts) {
        let [source, destination] = labels;
        let mut sum = 0_u64;
        let bounds = BOUNDS_MS.iter().map(|ms| Seconds(*ms).to_string());
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(attempts.buckets) {
            sum = sum.saturating_add(count);
            let labels = [source, destination, ("le", bound.as_str())];
            self.sample(&format!("{name}_bucket"), &labels, sum);
        }
        let total = Seconds(i64::try_from(attempts.total_ms).unwrap_or(i64::MAX));
        self.sample(&format!("{name}_sum"), &labels, total);
        self.sample(&format!("{name}_count"), &labels, sum);
    }
}

/// Milliseconds, written as seconds.
struct Seconds(i64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ms) = (self.0.div_euclid(1000), self.0.rem_euclid(1000));
        if ms == 0 {
            write!(f, "{seconds}")
        } else {
            let digits = format!("{ms:03}");
            write!(f, "{seconds}.{}", digits.trim_end_matches('0'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin_api::error::Code,
        messages::{destinations::DestinationOverview, metrics::Quarantined},
        time::UnixMillis,
    };

    const NOW: i64 = 1_700_000_000_123;

    fn acme() -> SourceMetrics {
        let mut attempts = Attempts::default();
        attempts.count("delivered", 40);
        attempts.count("delivered", 60);
        attempts.count("timeout", 15_001);
        let crm = DestinationOverview {
            name: "crm".parse().unwrap(),
            state: DestinationHealth::Open,
            failures_in_a_row: 7,
            next_probe_at: None,
            waiting: 3,
            delivered: 2,
            dead: 1,
            oldest_waiting_at: Some(UnixMillis(NOW - 61_500)),
        };
        let inbox = InboxMetrics {
            events: 42,
            repeats: 5,
            last_received_at: Some(UnixMillis(NOW)),
            quarantine: [(
                "malformed_xml".to_owned(),
                Quarantined {
                    bodies: 1,
                    times: 6,
                },
            )]
            .into(),
            destinations: vec![crm],
            attempts: [("crm".parse().unwrap(), attempts)].into(),
            ..InboxMetrics::default()
        };
        let source: SourceName = "acme".parse().unwrap();
        let mut recovery = StepReport::new(source.clone(), State::Failed(Code::AccessDenied));
        recovery.failures_in_a_row = 2;
        SourceMetrics {
            source,
            inboxes: Some(inbox),
            recovery: Some(recovery),
        }
    }

    #[test]
    fn each_figure_is_a_line_with_its_labels() {
        let text = text("0.1.0", &[acme()], NOW);
        for line in [
            "threescale_edge_build_info{version=\"0.1.0\"} 1",
            "threescale_edge_source_up{source=\"acme\"} 1",
            "threescale_edge_events_accepted_total{source=\"acme\"} 42",
            "threescale_edge_duplicates_total{source=\"acme\"} 5",
            "threescale_edge_last_received_timestamp_seconds{source=\"acme\"} 1700000000.123",
            "threescale_edge_quarantine_bodies{source=\"acme\",code=\"malformed_xml\"} 1",
            "threescale_edge_quarantine_rejections{source=\"acme\",code=\"malformed_xml\"} 6",
            "threescale_edge_deliveries{source=\"acme\",destination=\"crm\",outcome=\"waiting\"} 3",
            "threescale_edge_oldest_waiting_age_seconds{source=\"acme\",destination=\"crm\"} 61",
            "threescale_edge_breaker_open{source=\"acme\",destination=\"crm\"} 1",
            "threescale_edge_attempts_total{source=\"acme\",destination=\"crm\",outcome=\"timeout\"} 1",
            "threescale_edge_attempt_duration_seconds_bucket{source=\"acme\",destination=\"crm\",le=\"0.05\"} 1",
            "threescale_edge_attempt_duration_seconds_bucket{source=\"acme\",destination=\"crm\",le=\"10\"} 2",
            "threescale_edge_attempt_duration_seconds_bucket{source=\"acme\",destination=\"crm\",le=\"+Inf\"} 3",
            "threescale_edge_attempt_duration_seconds_sum{source=\"acme\",destination=\"crm\"} 15.101",
            "threescale_edge_attempt_duration_seconds_count{source=\"acme\",destination=\"crm\"} 3",
            "threescale_edge_recovery_failed{source=\"acme\",code=\"access_denied\"} 1",
            "threescale_edge_recovery_failures_in_a_row{source=\"acme\"} 2",
        ] {
            assert!(
                text.lines().any(|one| one == line),
                "{line}\nis not in\n{text}"
            );
        }
        let mut names: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("# TYPE"))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "each metric begins once");
    }

    #[test]
    fn a_source_that_does_not_answer_is_down_and_the_others_are_shown() {
        let down = SourceMetrics {
            source: "other".parse().unwrap(),
            inboxes: None,
            recovery: None,
        };
        let text = text("0.1.0", &[down, acme()], NOW);
        assert!(text.contains("threescale_edge_source_up{source=\"other\"} 0\n"));
        assert!(!text.contains("events_accepted_total{source=\"other\"}"));
        assert!(text.contains("events_accepted_total{source=\"acme\"} 42\n"));
    }

    #[test]
    fn a_label_of_any_text_is_escaped() {
        let mut page = Page::default();
        page.sample("x", &[("code", "a\"b\\c\nd")], 1);
        assert_eq!(page.0, "threescale_edge_x{code=\"a\\\"b\\\\c\\nd\"} 1\n");
    }
}
