//! Reads the whole configuration: its sources, its destinations, and what is between them.

use super::{
    Closed, Config, Destination, Environment, LARGEST_MAX_BODY_BYTES, Source, Transport,
    reader::{Reader, Tables, Unreadable},
};
use crate::{
    alert,
    name::{DestinationName, SourceName},
};

impl<E: Environment> Reader<'_, E> {
    pub(super) fn config(&mut self) -> Config {
        self.allow_local = self.allow_local_targets();
        self.time_factor = self.time_factor();
        let source_tables = self.items("SOURCES");
        let destination_tables = self.items("DESTINATIONS");
        let closed = match (&source_tables, &destination_tables) {
            (Err(Unreadable), _) => Closed::Sources,
            (_, Err(Unreadable)) => Closed::Destinations,
            _ => Closed::Nothing,
        };
        let (mut sources, invalid_sources) = self.sources(source_tables);
        // Nor does recovery begin: its entries would be routed nowhere, and then be deleted at 3scale.
        if closed != Closed::Nothing {
            for source in &mut sources {
                source.is_closed = true;
            }
        }
        let alerts = self.env.text("ALERTS").unwrap_or_default();
        let alerts: Vec<&str> = alerts.split_whitespace().collect();
        let destinations = self.destinations(destination_tables, &sources, &alerts);
        let alerts = self.alerts(&alerts, &destinations);
        let overdue_minutes = self.number("OVERDUE_AFTER_MINUTES", 60, 1, 10_080);
        self.unknown_variables(&sources, &destinations);
        Config {
            alerts,
            alert_pause_ms: self.scaled(alert::PAUSE_MS),
            overdue_after_ms: self.scaled(overdue_minutes.cast_signed() * 60_000),
            console_tokens: self.console_tokens(),
            access: self.access(),
            public_url: self.public_url(),
            allow_local: self.allow_local,
            time_factor: self.time_factor,
            sources,
            destinations,
            dedup_window_ms: self
                .number("DEDUP_WINDOW_SECONDS", 1800, 0, 2_592_000)
                .cast_signed()
                * 1000,
            retention_ms: self.retention_days().cast_signed() * 86_400_000,
            max_body_bytes: usize::try_from(self.number(
                "MAX_BODY_BYTES",
                1 << 20,
                1,
                LARGEST_MAX_BODY_BYTES.into(),
            ))
            .unwrap_or(usize::MAX),
            closed,
            invalid_sources,
            secrets: Vec::new(),
        }
    }

    /// The sources, and names that are none.
    fn sources(&mut self, tables: Result<Tables, Unreadable>) -> (Vec<Source>, Vec<String>) {
        let is_readable = tables.is_ok();
        let (mut sources, mut invalid) = (Vec::new(), Vec::new());
        for (name, value) in tables.unwrap_or_default() {
            let Some(valid) = self.name::<SourceName>("SOURCES", &name) else {
                invalid.push(name);
                continue;
            };
            let source = self.source(valid, value);
            let shares =
                |other: &&Source| source.admin().is_some() && other.admin_url == source.admin_url;
            if let Some(other) = sources.iter().find(shares) {
                self.warn(
                    format!("SOURCES.{}.admin_url", source.name),
                    format!(
                        "is that of {} too: a tenant has one list of failures, and whichever recovers first takes in \
                         all of it",
                        other.name
                    ),
                );
            }
            sources.push(source);
        }
        if is_readable && sources.is_empty() {
            self.mistake(
                "SOURCES",
                "has no source: add a table such as [vars.SOURCES.default]",
            );
        }
        (sources, invalid)
    }

    /// A table under a name that is none cannot be waited for: nothing has ever been routed there.
    fn destinations(
        &mut self,
        tables: Result<Tables, Unreadable>,
        sources: &[Source],
        alerts: &[&str],
    ) -> Vec<Destination> {
        let is_readable = tables.is_ok();
        let mut destinations = Vec::new();
        for (name, value) in tables.unwrap_or_default() {
            if let Some(name) = self.name::<DestinationName>("DESTINATIONS", &name) {
                let mut destination = self.destination(name, value, sources, alerts);
                self.refuse_shared_keys(&mut destination, &destinations);
                destinations.push(destination);
            }
        }
        if is_readable && destinations.is_empty() {
            self.warn(
                "DESTINATIONS",
                "has no destination: events are kept in the inbox and go nowhere",
            );
        }
        destinations
    }

    /// Two that write the same keys would overwrite each other's values, which differ by `redact`.
    fn refuse_shared_keys(&mut self, destination: &mut Destination, others: &[Destination]) {
        let key = |destination: &Destination| match &destination.transport {
            Some(Transport::Kv { binding, keep, .. }) => Some((binding.clone(), *keep)),
            _ => None,
        };
        let Some(own) = key(destination) else { return };
        if let Some(other) = others
            .iter()
            .find(|other| key(other).as_ref() == Some(&own))
        {
            destination.transport = None;
            self.mistake(
                format!("DESTINATIONS.{}.kv", destination.name),
                format!(
                    "is that of {} too, with the same keep: they would overwrite each other. Give it a namespace of \
                     its own",
                    other.name
                ),
            );
        }
    }
}
