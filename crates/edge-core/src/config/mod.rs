//! Variables and secrets → [`Config`]. Every mistake is found and named in one go, so that nobody deploys five times
//! to find five of them; and it stops only what it is in.

mod access;
mod console_token;
mod destination;
mod header;
mod nearest;
mod pattern;
mod reader;
mod source;
mod table;
mod transport;
mod variables;
mod whole;

use std::rc::Rc;

use serde_json::Value;

pub(crate) use self::nearest::did_you_mean;
pub use self::{
    console_token::{ConsoleToken, ConsoleTokens, InvalidToken},
    destination::Destination,
    header::is_header,
    pattern::{InvalidPattern, Pattern},
    source::{RecoverFrom, Source},
    table::Finding,
    transport::{DestinationSecrets, Format, HttpOptions, Keep, Route, Transport},
};
use self::{
    reader::{Reader, warn_of_address},
    table::{Findings, Table},
};
use crate::{
    access::Access,
    location::{Location, ParseUrl},
    name::DestinationName,
    secret::Secret,
};

/// The secret that operators and their programs present.
const CONSOLE_TOKEN: &str = "CONSOLE_TOKEN";

/// Where variables, secrets and bindings are looked up: the Worker's environment, or a test's.
pub trait Environment {
    /// A JSON variable, if it is set; the text itself where it is not JSON.
    fn table(&self, name: &str) -> Option<Value>;
    /// A text variable or a secret, if it is set.
    fn text(&self, name: &str) -> Option<String>;
    /// The names of everything that is set: variables, secrets, bindings.
    fn names(&self) -> Vec<String>;
    /// `true` if there is a binding of this kind and name.
    fn has(&self, kind: Binding, name: &str) -> bool;
    /// The URL parser that `fetch` uses too.
    fn parse_url(&self) -> ParseUrl;
}

/// The things that a destination may be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// A KV namespace.
    Kv,
    /// Another Worker.
    Service,
    /// A Cloudflare Queue.
    Queue,
    /// A service or network of Workers VPC.
    Vpc,
}

/// The Worker's configuration: the sound parts of it, and what is known of the others.
///
/// A mistake stops only what it is in. A faulty source is closed, a faulty destination gets nothing and what is
/// routed to it waits, a faulty variable has its default. [`Setup`] has the mistakes.
#[derive(Debug, Default)]
pub struct Config {
    /// The tenants that send to us.
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
    /// The tokens that operators present. With none, there is no API.
    pub console_tokens: ConsoleTokens,
    /// Whose Cloudflare Access admits operators too.
    pub access: Option<Access>,
    /// This Worker's own origin, where it is configured: `https://edge.example.com`.
    pub public_url: Option<String>,
    /// `true` if plain http and private addresses may be called: for development.
    pub allow_local: bool,
    /// The number that waits are divided by: for trying out.
    pub time_factor: u32,
    /// Why no source takes anything in, if that is so.
    pub(crate) closed: Closed,
    /// Names that were given to sources and are not valid.
    pub(crate) invalid_sources: Vec<String>,
    /// Every secret that is set.
    pub(crate) secrets: Vec<Secret>,
}

/// The part of the configuration that cannot be known while a variable cannot be read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    #[default]
    Nothing,
    /// Where events go: one that is taken in would go nowhere.
    Destinations,
    /// The tenants that send.
    Sources,
}

impl Config {
    /// The destinations that want a notification of this source, type and action. Alerts of our own go to those that
    /// `ALERTS` names and to no other: [`Config::alerts`].
    pub fn routed(
        &self,
        source: &str,
        kind: &str,
        action: &str,
    ) -> impl Iterator<Item = &DestinationName> {
        self.destinations
            .iter()
            .filter(move |destination| destination.wants(source, kind, action))
            .map(|destination| &destination.name)
    }

    /// All secrets to mask in third-party text that we record. Whatever is read as a secret is among them.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.iter()
    }

    /// `true` if a call for a source of this name is answered that the configuration has mistakes.
    #[must_use]
    pub fn is_closed(&self, name: &str) -> bool {
        self.closed != Closed::Nothing
            || self.invalid_sources.iter().any(|invalid| invalid == name)
            || self.source(name).is_some_and(|source| source.is_closed)
    }

    /// `true` if no source has this name any more. While the sources cannot be read, none counts as removed.
    #[must_use]
    pub fn is_removed(&self, name: &str) -> bool {
        self.closed != Closed::Sources && self.source(name).is_none()
    }

    /// Whether the destinations can be read, so that one which is not among them is no longer configured.
    #[must_use]
    pub fn knows_destinations(&self) -> bool {
        self.closed != Closed::Destinations
    }

    /// The destination at this place, if it can be sent to.
    #[must_use]
    pub fn deliverable(&self, index: usize) -> Option<&Destination> {
        self.destinations
            .get(index)
            .filter(|destination| destination.transport.is_some())
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
    /// The configuration as it was understood.
    pub config: Rc<Config>,
    /// Mistakes that keep a part of the Worker from working.
    pub mistakes: Vec<Finding>,
    /// Findings that are mistakes anywhere but on localhost.
    local_only: Vec<Finding>,
    /// Settings that work but deserve a look.
    pub warnings: Vec<Finding>,
}

/// A Durable Object's row holds 2 MB at most, and the body is stored in one.
pub const LARGEST_MAX_BODY_BYTES: u32 = 1_900_000;

impl Setup {
    /// The configuration and the source of this name: what an object that belongs to one works with. A source that is
    /// closed is there too, since what it has is delivered.
    ///
    /// # Errors
    ///
    /// There is no such source.
    pub fn of_source(&self, name: &str) -> Result<(Rc<Config>, Source), &'static str> {
        let source = self.config.source(name).cloned();
        let source = source.ok_or("the source is not configured: see /healthz")?;
        Ok((Rc::clone(&self.config), source))
    }

    /// The mistakes, for somebody who calls this Worker at this address.
    pub fn mistakes_at(&self, url: &Location) -> impl Iterator<Item = &Finding> {
        let local_only: &[Finding] = if url.is_localhost() {
            &[]
        } else {
            &self.local_only
        };
        self.mistakes.iter().chain(local_only)
    }

    /// `true` if there is no API because of a mistake.
    #[must_use]
    pub fn has_faulty_tokens(&self) -> bool {
        let is_faulty = |mistake: &Finding| mistake.item == CONSOLE_TOKEN;
        self.config.console_tokens.is_empty() && self.mistakes.iter().any(is_faulty)
    }

    /// Reads everything.
    #[must_use]
    pub fn read(env: &impl Environment) -> Self {
        let mut reader = Reader {
            env,
            findings: Findings::default(),
            local_only: Vec::new(),
            secrets: Vec::new(),
            allow_local: false,
            time_factor: 1,
        };
        let config = reader.config();
        let Findings { mistakes, warnings } = reader.findings;
        Self {
            config: Rc::new(Config {
                secrets: reader.secrets,
                ..config
            }),
            mistakes,
            local_only: reader.local_only,
            warnings,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
