//! `[vars.DESTINATIONS.<name>]`, `DESTINATION_<NAME>_SIGNING_SECRET`, `DESTINATION_<NAME>_AUTHORIZATION`.

use serde_json::Value;
use standardwebhooks::Webhook;
use threescale::Redact;

use super::{Environment, Pattern, Reader, Source, table::Table};
use crate::{
    destination::target,
    name::{DestinationName, SourceName},
    secret::{Secret, Secrets},
};

/// Where events go, and which.
#[derive(Debug)]
pub struct Destination {
    /// Its name.
    pub name: DestinationName,
    /// How they get there.
    pub target: Target,
    /// Which types and actions; any one of these.
    pub events: Vec<Pattern>,
    /// Which sources; `None` stands for all.
    pub sources: Option<Vec<SourceName>>,
    /// Elements whose values are not sent.
    pub redact: Redact,
}

impl Destination {
    /// Whether it wants an event of this source, type and action.
    #[must_use]
    pub fn wants(&self, source: &str, kind: &str, action: &str) -> bool {
        self.sources
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name.as_str() == source))
            && self.events.iter().any(|pattern| pattern.fits(kind, action))
    }
}

/// How events get to a destination.
#[derive(Debug)]
pub enum Target {
    /// To an origin service.
    Http {
        /// Its URL.
        url: String,
        /// What is sent.
        format: Format,
        /// How long one attempt may take, in milliseconds.
        timeout_ms: u32,
        /// The keys that all sign, the current one first.
        signing: Secrets,
        /// The `Authorization` header.
        authorization: Option<Secret>,
    },
    /// Into a KV namespace, each event under a key of its own.
    Kv {
        /// The namespace's binding.
        binding: String,
        /// How long a value stays, in seconds; `None` for ever.
        ttl_seconds: Option<u64>,
    },
}

/// What an origin service gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A `CloudEvent` in structured mode: all of it is the body.
    CloudEvents,
    /// A `CloudEvent` in binary mode: its attributes are headers, its data the body.
    CloudEventsBinary,
    /// The notification as 3scale sent it.
    Xml,
}

const HTTP_KEYS: &[&str] = &["url", "events", "sources", "format", "redact", "timeout_ms"];
const KV_KEYS: &[&str] = &["kv", "events", "sources", "keep", "redact", "ttl_days"];

impl<E: Environment> Reader<'_, E> {
    /// `None` if it has no target at all; other mistakes are reported and read over.
    pub(super) fn destination(
        &mut self,
        name: DestinationName,
        value: Value,
        sources: &[Source],
    ) -> Option<Destination> {
        let signing = self.signing(&name);
        let authorization = self.authorization(&name);
        let allow_local = self.allow_local;
        let env = self.env;

        let mut table = self.table(format!("DESTINATIONS.{name}"), value);
        let events = patterns(&mut table);
        let sources = source_names(&mut table, sources);
        let redact = table.texts("redact");
        let (target, known) = match (table.has("url"), table.has("kv")) {
            (true, false) => (
                Some(http(
                    &mut table,
                    allow_local,
                    signing,
                    authorization,
                    redact.is_some(),
                )),
                HTTP_KEYS,
            ),
            (false, true) => (Some(kv(&mut table, env)), KV_KEYS),
            (true, true) => {
                table.report(
                    "",
                    "has both url and kv: a destination has one target, so make it two",
                );
                return None;
            }
            (false, false) => {
                table.report(
                    "",
                    "has no target: give it url (an origin service) or kv (a KV binding)",
                );
                return None;
            }
        };
        table.finish(known);

        if let Some(Target::Http { signing, .. }) = &target
            && signing.is_empty()
        {
            self.warn(
                format!("DESTINATION_{}_SIGNING_SECRET", name.in_capitals()),
                "is not set: what is sent there is not signed, and the origin cannot know that it is ours",
            );
        }
        Some(Destination {
            name,
            target: target?,
            events,
            sources,
            redact: redact.map_or_else(Redact::none, Redact::new),
        })
    }

    fn signing(&mut self, name: &DestinationName) -> Secrets {
        let variable = format!("DESTINATION_{}_SIGNING_SECRET", name.in_capitals());
        let signing = Secrets::from_text(&self.env.text(&variable).unwrap_or_default());
        if signing
            .iter()
            .any(|secret| Webhook::new(secret.reveal()).is_err())
        {
            self.mistake(
                &variable,
                "must be a Standard Webhooks secret: whsec_ and then base64",
            );
        }
        signing
    }

    /// The whole header, so unlike other secrets it may hold a space: `Bearer …`.
    fn authorization(&self, name: &DestinationName) -> Option<Secret> {
        let text = self
            .env
            .text(&format!("DESTINATION_{}_AUTHORIZATION", name.in_capitals()))?;
        Secret::whole(&text)
    }
}

fn http(
    table: &mut Table<'_>,
    allow_local: bool,
    signing: Secrets,
    authorization: Option<Secret>,
    redacts: bool,
) -> Target {
    let url = table.text("url").unwrap_or_default();
    if let Err(problem) = target::check(&url, allow_local) {
        table.report("url", problem.to_string());
    }
    let format = match table.text("format").as_deref() {
        None | Some("cloudevents") => Format::CloudEvents,
        Some("cloudevents-binary") => Format::CloudEventsBinary,
        Some("xml") => Format::Xml,
        Some(_) => {
            table.report("format", "must be cloudevents, cloudevents-binary or xml");
            Format::CloudEvents
        }
    };
    if redacts && format == Format::Xml {
        table.report(
            "redact",
            "cannot be kept with format xml, which is sent as 3scale wrote it",
        );
    }
    let timeout_ms = table.integer("timeout_ms", 100, 60_000).unwrap_or(15_000);
    Target::Http {
        url,
        format,
        timeout_ms: u32::try_from(timeout_ms).unwrap_or(15_000),
        signing,
        authorization,
    }
}

fn kv(table: &mut Table<'_>, env: &impl Environment) -> Target {
    let binding = table.text("kv").unwrap_or_default();
    if !env.has_kv(&binding) {
        table.report(
            "kv",
            "names no KV namespace: add [[kv_namespaces]] with this binding to wrangler.toml",
        );
    }
    match table.text("keep").as_deref() {
        None | Some("events") => {}
        Some(_) => table.report("keep", "must be events"),
    }
    let ttl_seconds = table.integer("ttl_days", 1, 3650).map(|days| days * 86_400);
    Target::Kv {
        binding,
        ttl_seconds,
    }
}

fn patterns(table: &mut Table<'_>) -> Vec<Pattern> {
    let Some(texts) = table.texts("events") else {
        return vec![Pattern::ANY];
    };
    texts
        .iter()
        .filter_map(|text| {
            text.parse()
                .map_err(|problem| table.report("events", format!("{text}: {problem}")))
                .ok()
        })
        .collect()
}

fn source_names(table: &mut Table<'_>, known: &[Source]) -> Option<Vec<SourceName>> {
    let texts = table.texts("sources")?;
    let names = texts.iter().filter_map(|text| {
        let name = known
            .iter()
            .map(|source| &source.name)
            .find(|name| name.as_str() == text);
        if name.is_none() {
            table.report("sources", format!("{text} is not among SOURCES"));
        }
        name.cloned()
    });
    Some(names.collect())
}
