//! `[vars.DESTINATIONS.<name>]`: where events go, and which. How they get there, `transport.rs` reads.

use serde_json::Value;
use threescale::{
    Redact,
    schema::{SHAPES, Shape},
};

use super::{
    Environment, Pattern, Reader, Source, Transport,
    nearest::did_you_mean,
    pattern::Unmatched,
    table::Table,
    transport::{self, Context},
};
use crate::{
    delivery::{
        batching::{Batching, DEFAULT_WAIT_SECONDS, LONGEST_WAIT_SECONDS, MOST_TOGETHER},
        timing::Timing,
    },
    name::{DestinationName, SourceName},
};

/// Where events go, and which.
#[derive(Debug)]
pub struct Destination {
    /// Its name.
    pub name: DestinationName,
    /// How they get there; `None` while its configuration has a mistake: what is routed to it waits until there is
    /// none.
    pub transport: Option<Transport>,
    /// Which types and actions; any one of these. All, while one of them cannot be read: an event that was not wanted
    /// is better than one that was and is not there.
    pub events: Vec<Pattern>,
    /// Which sources; `None` stands for all. While the list has a mistake, those of them that are known.
    pub sources: Option<Vec<SourceName>>,
    /// Elements whose values are not sent.
    pub redact: Redact,
    /// When attempts are made.
    pub timing: Timing,
    /// How many attempts may be under way at once.
    pub concurrency: usize,
    /// How many attempts may begin in a second.
    pub rate: Option<u32>,
    /// `true` if the events of one object arrive in sequence.
    pub ordered: bool,
    /// How several events go together; `None`: each goes by itself.
    pub batching: Option<Batching>,
}

impl Destination {
    /// `true` if it keeps the latest state of each object.
    #[must_use]
    pub fn keeps_objects(&self) -> bool {
        self.transport
            .as_ref()
            .is_some_and(Transport::keeps_objects)
    }

    /// `true` if it is called through a binding: another Worker, or a service in a private network.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.transport.as_ref().is_some_and(Transport::is_bound)
    }

    /// `true` if it wants an event of this source, type and action.
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

/// The runtime's limit of open connections for one invocation.
const MOST_CONNECTIONS: u64 = 6;

impl<E: Environment> Reader<'_, E> {
    /// Mistakes are reported and read over, so that what is routed there can wait.
    pub(super) fn destination(
        &mut self,
        name: DestinationName,
        value: Value,
        sources: &[Source],
        alerts: &[&str],
    ) -> Destination {
        let mistakes_before = self.findings.mistakes.len();
        let secrets = self.destination_secrets(&name);
        let unsigned = secrets.signing.is_empty();
        let (allow_local, time_factor, env) = (self.allow_local, self.time_factor, self.env);

        let mut table = self.table(format!("DESTINATIONS.{name}"), value);
        let is_alerted = alerts.contains(&name.as_str());
        let events = patterns(&mut table, is_alerted);
        let sources = source_names(&mut table, sources);
        let redact = redacted(&mut table);
        let mut timing = timing(&mut table).scaled(time_factor);
        let concurrency = table
            .integer("concurrency", 1, MOST_CONNECTIONS)
            .unwrap_or(MOST_CONNECTIONS);
        let rate = table
            .integer("rate", 1, 1000)
            .and_then(|rate| u32::try_from(rate).ok());
        let ordered = table.boolean("ordered");
        let context = Context {
            env,
            name: &name,
            allow_local,
            redacts: redact.is_some(),
        };
        let known = transport::known_settings(&table, &secrets);
        let known = [known.as_slice(), &COMMON_KEYS].concat();
        if known.contains(&"final") {
            timing.final_statuses = final_statuses(&mut table);
        }
        // Whatever the kind: those that have none say why.
        let batching = read_batching(&mut table, time_factor);
        let transport = transport::read(&mut table, &context, secrets, &known);
        if let Some(problem) = transport.as_ref().and_then(Transport::refuses_batches)
            && batching.is_some()
        {
            table.report("batch", problem);
        }
        table.finish(&known);

        let keeps_objects = transport.as_ref().is_some_and(Transport::keeps_objects);
        if keeps_objects && ordered == Some(false) {
            self.mistake(
                format!("DESTINATIONS.{name}.ordered"),
                "must not be false with keep = \"objects\", which writes one state of an object after the other",
            );
        }
        if unsigned && transport.as_ref().is_some_and(Transport::is_signed) {
            self.warn(
                format!("DESTINATION_{}_SIGNING_SECRET", name.env_name()),
                "is not set: what is sent there is not signed, and the origin cannot know that it is ours",
            );
        }
        let is_sound = self.findings.mistakes.len() == mistakes_before;
        Destination {
            name,
            transport: transport.filter(|_| is_sound),
            events,
            sources,
            redact: redact.map_or_else(Redact::none, Redact::new),
            timing,
            concurrency: usize::try_from(concurrency).unwrap_or(1),
            rate,
            // Two states of one object, written at the same time, could end in the wrong order.
            ordered: keeps_objects || ordered.unwrap_or(false),
            batching,
        }
    }
}

/// `None`: each event goes by itself.
fn read_batching(table: &mut Table<'_>, time_factor: u32) -> Option<Batching> {
    let is_set = table.has("batch");
    let most = table.integer("batch", 2, MOST_TOGETHER as u64);
    let has_seconds = table.has("batch_seconds");
    let seconds = table.integer("batch_seconds", 1, LONGEST_WAIT_SECONDS);
    if has_seconds && !is_set {
        table.report(
            "batch_seconds",
            "does nothing without batch: how many events go together",
        );
    }
    let wait_ms = seconds.unwrap_or(DEFAULT_WAIT_SECONDS).cast_signed() * 1000;
    Some(Batching {
        most: usize::try_from(most?).ok()?,
        wait_ms: wait_ms / i64::from(time_factor.max(1)),
    })
}

/// Statuses that an event does not survive. Not 410, which concerns the destination.
fn final_statuses(table: &mut Table<'_>) -> Vec<u16> {
    let statuses = table.integers("final", 400, 599).unwrap_or_default();
    if statuses.contains(&410) {
        table.report("final", "must not name 410, which pauses the destination");
    }
    let statuses = statuses.into_iter().map(u16::try_from);
    statuses.filter_map(Result::ok).collect()
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
    let mut all_are_sound = true;
    for text in texts {
        match text.parse::<Pattern>() {
            Ok(pattern) => {
                if let Some(Unmatched { nearest }) = pattern.unmatched(&text) {
                    let problem = "matches none of the events that 3scale is known to send";
                    table.warn("events", format!("{text}: {problem}{nearest}"));
                }
                patterns.push(pattern);
            }
            Err(problem) => {
                all_are_sound = false;
                table.report("events", format!("{text}: {problem}"));
            }
        }
    }
    if all_are_sound {
        patterns
    } else {
        vec![Pattern::ANY]
    }
}

/// The sources that are named and known. A faulty list never lets in another tenant's events: those that it should have
/// let in are in the inbox, and a replay sends them.
fn source_names(table: &mut Table<'_>, known: &[Source]) -> Option<Vec<SourceName>> {
    if !table.has("sources") {
        return None;
    }
    let mut names = Vec::new();
    for text in table.texts("sources").unwrap_or_default() {
        if let Some(source) = known.iter().find(|source| source.name.as_str() == text) {
            names.push(source.name.clone());
        } else {
            let near = did_you_mean(&text, known.iter().map(|source| source.name.as_str()));
            table.report("sources", format!("{text} is not among SOURCES{near}"));
        }
    }
    Some(names)
}

/// A name that no element has hides nothing.
fn redacted(table: &mut Table<'_>) -> Option<Vec<String>> {
    let names = table.texts("redact")?;
    let known = || {
        let fields = |shape: &&'static Shape| shape.fields.iter().chain(shape.attributes);
        SHAPES.iter().flat_map(fields).map(|field| field.name)
    };
    for name in &names {
        if !known().any(|known| known == name) {
            let near = did_you_mean(name, known());
            table.warn(
                "redact",
                format!("{name} is no element of 3scale's own, though it may be an extra field of yours{near}"),
            );
        }
    }
    Some(names)
}
