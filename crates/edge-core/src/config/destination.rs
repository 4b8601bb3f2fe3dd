//! `[vars.DESTINATIONS.<name>]`: where events go, and which. How they get there, `transport.rs` reads.

use serde_json::Value;
use threescale::Redact;

use super::{Environment, Pattern, Reader, Source, Transport, table::Table, transport};
use crate::{
    delivery::timing::Timing,
    name::{DestinationName, SourceName},
};

/// Where events go, and which.
#[derive(Debug)]
pub struct Destination {
    /// Its name.
    pub name: DestinationName,
    /// How they get there.
    pub transport: Transport,
    /// Which types and actions; any one of these.
    pub events: Vec<Pattern>,
    /// Which sources; `None` stands for all.
    pub sources: Option<Vec<SourceName>>,
    /// Elements whose values are not sent.
    pub redact: Redact,
    /// When attempts are made.
    pub timing: Timing,
    /// How many attempts may be under way at once.
    pub concurrency: usize,
    /// How many attempts may begin in a second.
    pub rate: Option<u32>,
    /// Whether the events of one object arrive in sequence.
    pub ordered: bool,
}

impl Destination {
    /// Whether it keeps the latest state of each object.
    #[must_use]
    pub fn keeps_objects(&self) -> bool {
        self.transport.keeps_objects()
    }

    /// Whether it wants an event of this source, type and action.
    #[must_use]
    pub fn wants(&self, source: &str, kind: &str, action: &str) -> bool {
        self.sources
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name.as_str() == source))
            && self
                .events
                .iter()
                .any(|pattern| pattern.matches(kind, action))
    }
}

/// The settings that every kind of target has.
const COMMON_KEYS: [&str; 7] = [
    "events",
    "sources",
    "redact",
    "schedule",
    "concurrency",
    "rate",
    "ordered",
];

/// What the runtime has for one invocation.
const MOST_CONNECTIONS: u64 = 6;

impl<E: Environment> Reader<'_, E> {
    /// `None` if it has no target; other mistakes are reported and read over.
    pub(super) fn destination(
        &mut self,
        name: DestinationName,
        value: Value,
        sources: &[Source],
        alerts: &[&str],
    ) -> Option<Destination> {
        let secrets = self.destination_secrets(&name);
        let unsigned = secrets.signing.is_empty();
        let (allow_local, time_factor, env) = (self.allow_local, self.time_factor, self.env);

        let mut table = self.table(format!("DESTINATIONS.{name}"), value);
        let is_alerted = alerts.contains(&name.as_str());
        let events = patterns(&mut table, is_alerted);
        let sources = source_names(&mut table, sources);
        let redact = table.texts("redact");
        let timing = timing(&mut table).scaled(time_factor);
        let concurrency = table
            .integer("concurrency", 1, MOST_CONNECTIONS)
            .unwrap_or(MOST_CONNECTIONS);
        let rate = table
            .integer("rate", 1, 1000)
            .and_then(|rate| u32::try_from(rate).ok());
        let ordered = table.boolean("ordered");
        let transport = transport::read(&mut table, env, secrets, allow_local, redact.is_some());
        let known = transport.as_ref().map_or(&[][..], Transport::keys);
        table.finish(&[known, &COMMON_KEYS].concat(), transport.is_some());

        let transport = transport?;
        let keeps_objects = transport.keeps_objects();
        if keeps_objects && ordered == Some(false) {
            self.mistake(
                format!("DESTINATIONS.{name}.ordered"),
                "must not be false with keep = \"objects\", which writes one state of an object after the other",
            );
        }
        if unsigned && transport.is_signed() {
            self.warn(
                format!("DESTINATION_{}_SIGNING_SECRET", name.env_name()),
                "is not set: what is sent there is not signed, and the origin cannot know that it is ours",
            );
        }
        Some(Destination {
            name,
            transport,
            events,
            sources,
            redact: redact.map_or_else(Redact::none, Redact::new),
            timing,
            concurrency: usize::try_from(concurrency).unwrap_or(1),
            rate,
            // Two states of one object, written at the same time, could end in the wrong order.
            ordered: keeps_objects || ordered.unwrap_or(false),
        })
    }
}

fn timing(table: &mut Table<'_>) -> Timing {
    const LONGEST_SECONDS: u64 = 7 * 86_400;
    let Some(seconds) = table.integers("schedule", 1, LONGEST_SECONDS) else {
        return Timing::default();
    };
    let schedule = seconds
        .into_iter()
        .map(|seconds| seconds.cast_signed() * 1000)
        .collect();
    Timing {
        schedule,
        ..Timing::default()
    }
}

/// None at all are for a destination that gets alerts only.
fn patterns(table: &mut Table<'_>, is_alerted: bool) -> Vec<Pattern> {
    if is_alerted && table.is_empty_list("events") {
        return Vec::new();
    }
    let Some(texts) = table.texts("events") else {
        return vec![Pattern::ANY];
    };
    let mut patterns = Vec::new();
    for text in texts {
        match text.parse() {
            Ok(pattern) => patterns.push(pattern),
            Err(problem) => table.report("events", format!("{text}: {problem}")),
        }
    }
    patterns
}

fn source_names(table: &mut Table<'_>, known: &[Source]) -> Option<Vec<SourceName>> {
    let mut names = Vec::new();
    for text in table.texts("sources")? {
        match known.iter().find(|source| source.name.as_str() == text) {
            Some(source) => names.push(source.name.clone()),
            None => table.report("sources", format!("{text} is not among SOURCES")),
        }
    }
    Some(names)
}
