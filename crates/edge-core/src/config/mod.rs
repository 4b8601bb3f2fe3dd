//! Variables and secrets → [`Config`]. Every mistake is found and named in one go, so that nobody
//! deploys five times to find five of them.

mod destination;
mod pattern;
mod source;
mod table;
mod transport;

use std::rc::Rc;

use serde_json::Value;

use self::table::Table;
pub use self::{
    destination::Destination,
    pattern::{InvalidPattern, Pattern},
    source::Source,
    table::Finding,
    transport::{DestinationSecrets, Format, HttpOptions, Keep, Route, Transport},
};
use crate::{
    alert,
    location::ParseUrl,
    name::{DestinationName, SourceName},
    secret::{Secret, Secrets},
};

/// Where variables, secrets and bindings are looked up: the Worker's environment, or a test's.
pub trait Environment {
    /// A JSON variable, if it is set.
    fn table(&self, name: &str) -> Option<Value>;
    /// A text variable or a secret, if it is set.
    fn text(&self, name: &str) -> Option<String>;
    /// Whether there is a binding of this kind and name.
    fn has(&self, kind: Binding, name: &str) -> bool;
    /// The URL parser that `fetch` uses too.
    fn parse_url(&self) -> ParseUrl;
}

/// What a destination may be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// A KV namespace.
    Kv,
    /// Another Worker.
    Service,
    /// A Cloudflare Queue.
    Queue,
}

/// What the Worker is told to do. It exists only if no mistake was found.
#[derive(Debug)]
pub struct Config {
    /// Who sends to us.
    pub sources: Vec<Source>,
    /// Where events go.
    pub destinations: Vec<Destination>,
    /// How long an equal document may be a repeat, in milliseconds.
    pub dedup_window_ms: i64,
    /// How long delivered events are kept, in milliseconds.
    pub retention_ms: i64,
    /// The largest body that is taken, in bytes.
    pub max_body_bytes: usize,
    /// The destinations that are told what an operator should know.
    pub alerts: Vec<DestinationName>,
    /// The pause between two alerts of a kind, in milliseconds.
    pub alert_pause_ms: i64,
    /// How long a delivery may wait before it is told, in milliseconds.
    pub overdue_after_ms: i64,
    /// What operators present. With none, there is no API.
    pub console_token: Secrets,
    /// Whether plain http and private addresses may be called: for development.
    pub allow_local: bool,
    /// What waits are divided by: for trying out.
    pub time_factor: u32,
}

impl Config {
    /// The destinations that want an event of this source, type and action. Alerts go to those that
    /// `ALERTS` names and to no other, whatever they want else.
    pub fn routed(
        &self,
        source: &str,
        kind: &str,
        action: &str,
    ) -> impl Iterator<Item = &DestinationName> {
        self.destinations
            .iter()
            .filter(move |destination| {
                if kind == alert::TYPE {
                    self.alerts.contains(&destination.name)
                } else {
                    destination.wants(source, kind, action)
                }
            })
            .map(|destination| &destination.name)
    }

    /// Every secret that is configured: what must not show up in what others say, and we record.
    /// A new secret belongs here too.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let sources = self
            .sources
            .iter()
            .flat_map(|source| source.secrets.iter().chain(&source.access_token));
        let destinations = self
            .destinations
            .iter()
            .filter_map(|destination| destination.transport.secrets())
            .flat_map(|secrets| {
                let others = secrets.authorization.iter().chain(&secrets.url);
                secrets.signing.iter().chain(others)
            });
        sources.chain(destinations).chain(self.console_token.iter())
    }

    /// The destination of this name.
    #[must_use]
    pub fn destination(&self, name: &str) -> Option<&Destination> {
        self.destinations
            .iter()
            .find(|destination| destination.name.as_str() == name)
    }

    /// The source of this name, or all of them.
    pub fn chosen(&self, name: Option<&str>) -> impl Iterator<Item = &Source> {
        let chosen = move |source: &&Source| name.is_none_or(|name| source.name.as_str() == name);
        self.sources.iter().filter(chosen)
    }

    /// The source of this name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources
            .iter()
            .find(|source| source.name.as_str() == name)
    }
}

/// The outcome of reading the configuration.
#[derive(Debug)]
pub struct Setup {
    /// Present if there are no mistakes.
    pub config: Option<Rc<Config>>,
    /// What keeps the Worker from working.
    pub mistakes: Vec<Finding>,
    /// What works but deserves a look.
    pub warnings: Vec<Finding>,
}

/// A Durable Object's row holds 2 MB at most, and the body is stored in one.
pub const LARGEST_MAX_BODY_BYTES: u32 = 1_900_000;

impl Setup {
    /// The configuration and the source of this name: what an object that belongs to one works with.
    ///
    /// # Errors
    ///
    /// The configuration has mistakes, or no such source.
    pub fn of_source(&self, name: &str) -> Result<(Rc<Config>, Source), &'static str> {
        let config = self
            .config
            .clone()
            .ok_or("the configuration has mistakes: see /healthz")?;
        let source = config
            .source(name)
            .cloned()
            .ok_or("the source is not configured")?;
        Ok((config, source))
    }

    /// Reads everything.
    #[must_use]
    pub fn read(env: &impl Environment) -> Self {
        let mut reader = Reader {
            env,
            mistakes: Vec::new(),
            warnings: Vec::new(),
            allow_local: false,
            time_factor: 1,
        };
        let config = reader.config();
        let Reader {
            mistakes, warnings, ..
        } = reader;
        Self {
            config: mistakes.is_empty().then(|| Rc::new(config)),
            mistakes,
            warnings,
        }
    }
}

/// What the parts of the configuration share while they are read.
struct Reader<'e, E> {
    env: &'e E,
    mistakes: Vec<Finding>,
    warnings: Vec<Finding>,
    allow_local: bool,
    time_factor: u32,
}

impl<E: Environment> Reader<'_, E> {
    fn config(&mut self) -> Config {
        self.allow_local = self.allow_local_targets();
        self.time_factor = self.time_factor();
        let sources = self.sources();
        let alerts = self.env.text("ALERTS").unwrap_or_default();
        let alerts: Vec<&str> = alerts.split_whitespace().collect();
        let destinations = self.destinations(&sources, &alerts);
        let alerts = self.alerts(&alerts, &destinations);
        let overdue_minutes = self.number("OVERDUE_AFTER_MINUTES", 60, 1, 10_080);
        Config {
            alerts,
            alert_pause_ms: self.scaled(alert::PAUSE_MS),
            overdue_after_ms: self.scaled(overdue_minutes.cast_signed() * 60_000),
            console_token: Secrets::from_text(&self.env.text("CONSOLE_TOKEN").unwrap_or_default()),
            allow_local: self.allow_local,
            time_factor: self.time_factor,
            sources,
            destinations,
            dedup_window_ms: self
                .number("DEDUP_WINDOW_SECONDS", 1800, 0, 2_592_000)
                .cast_signed()
                * 1000,
            retention_ms: self.number("RETENTION_DAYS", 30, 0, 3650).cast_signed() * 86_400_000,
            max_body_bytes: usize::try_from(self.number(
                "MAX_BODY_BYTES",
                1 << 20,
                1,
                LARGEST_MAX_BODY_BYTES.into(),
            ))
            .unwrap_or(usize::MAX),
        }
    }

    fn allow_local_targets(&mut self) -> bool {
        match self
            .env
            .text("ALLOW_LOCAL_TARGETS")
            .as_deref()
            .map(str::trim)
        {
            None | Some("" | "false") => false,
            Some("true") => {
                self.warn(
                    "ALLOW_LOCAL_TARGETS",
                    "is true: targets may be plain http and private addresses. For development only",
                );
                true
            }
            Some(_) => {
                self.mistake("ALLOW_LOCAL_TARGETS", "must be true or false");
                false
            }
        }
    }

    /// Makes the waits of delivery shorter, for tests and for trying out.
    fn time_factor(&mut self) -> u32 {
        let factor = self.number("TIME_FACTOR", 1, 1, 1_000_000);
        if factor > 1 && !self.allow_local {
            self.mistake(
                "TIME_FACTOR",
                "is for development only: it needs ALLOW_LOCAL_TARGETS",
            );
        } else if factor > 1 {
            self.warn(
                "TIME_FACTOR",
                format!("is {factor}: deliveries are tried again that many times as fast"),
            );
        }
        u32::try_from(factor).unwrap_or(1)
    }

    fn sources(&mut self) -> Vec<Source> {
        let mut sources = Vec::new();
        for (name, value) in self.items("SOURCES") {
            let Some(name) = self.name::<SourceName>("SOURCES", &name) else {
                continue;
            };
            let source = self.source(name, value);
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
        if sources.is_empty() {
            self.mistake(
                "SOURCES",
                "has no source: add a table such as [vars.SOURCES.default]",
            );
        }
        sources
    }

    /// `ALERTS`: names of destinations, separated by spaces.
    fn alerts(&mut self, names: &[&str], destinations: &[Destination]) -> Vec<DestinationName> {
        let mut alerts = Vec::new();
        for name in names {
            match destinations.iter().find(|known| known.name.as_str() == *name) {
                Some(destination) if destination.transport.takes_alerts() => {
                    alerts.push(destination.name.clone());
                }
                Some(_) => self.mistake(
                    "ALERTS",
                    format!("names {name}, whose format = \"xml\" or keep = \"objects\" has no room for an alert"),
                ),
                None => self.mistake("ALERTS", format!("names {name}, which is no destination")),
            }
        }
        alerts
    }

    /// A wait, as much shorter as `TIME_FACTOR` says.
    fn scaled(&self, ms: i64) -> i64 {
        (ms / i64::from(self.time_factor)).max(1)
    }

    fn destinations(&mut self, sources: &[Source], alerts: &[&str]) -> Vec<Destination> {
        let mut destinations = Vec::new();
        for (name, value) in self.items("DESTINATIONS") {
            if let Some(name) = self.name::<DestinationName>("DESTINATIONS", &name)
                && let Some(destination) = self.destination(name, value, sources, alerts)
            {
                destinations.push(destination);
            }
        }
        if destinations.is_empty() {
            self.warn(
                "DESTINATIONS",
                "has no destination: events are kept in the inbox and go nowhere",
            );
        }
        destinations
    }

    /// The tables inside a JSON variable, by name.
    fn items(&mut self, variable: &str) -> Vec<(String, Value)> {
        match self.env.table(variable) {
            None => Vec::new(),
            Some(Value::Object(items)) => items.into_iter().collect(),
            Some(_) => {
                self.mistake(
                    variable,
                    "must be a table of tables, such as [vars.SOURCES.default]",
                );
                Vec::new()
            }
        }
    }

    fn name<N: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        variable: &str,
        name: &str,
    ) -> Option<N> {
        name.parse()
            .map_err(|problem: N::Err| {
                self.mistake(format!("{variable}.{name}"), problem.to_string());
            })
            .ok()
    }

    /// A whole number in a plain variable.
    fn number(&mut self, variable: &str, default: u64, least: u64, most: u64) -> u64 {
        let Some(text) = self.env.text(variable) else {
            return default;
        };
        match text.trim().parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.mistake(
                    variable,
                    format!("must be a whole number from {least} to {most}"),
                );
                default
            }
        }
    }

    fn table(&mut self, path: String, value: Value) -> Table<'_> {
        Table::new(path, value, &mut self.mistakes)
    }

    fn mistake(&mut self, item: impl Into<String>, problem: impl Into<String>) {
        self.mistakes.push(Finding::new(item, problem));
    }

    fn warn(&mut self, item: impl Into<String>, problem: impl Into<String>) {
        self.warnings.push(Finding::new(item, problem));
    }
}

#[cfg(test)]
pub(crate) mod tests;
