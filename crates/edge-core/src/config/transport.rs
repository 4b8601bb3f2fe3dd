//! What kind of thing a destination is: an origin service, a service binding, a KV namespace, a queue.

use standardwebhooks::Webhook;

use super::{Binding, Environment, Reader, table::Table};
use crate::{
    name::DestinationName,
    secret::{Secret, Secrets},
    target,
};

/// How events get to a destination.
#[derive(Debug)]
pub enum Transport {
    /// To an origin service over HTTP.
    Http {
        /// Where: over the internet, or to another Worker.
        route: Route,
        /// What is sent, and how.
        options: HttpOptions,
    },
    /// Into a KV namespace.
    Kv {
        /// The namespace's binding.
        binding: String,
        /// What is kept.
        keep: Keep,
        /// How long a value stays, in seconds; `None` for ever.
        ttl_seconds: Option<u64>,
    },
    /// Into a Cloudflare Queue.
    Queue {
        /// The queue's binding.
        binding: String,
    },
}

/// How an origin service is reached.
#[derive(Debug)]
pub enum Route {
    /// By its URL.
    Url {
        /// The URL.
        url: String,
        /// Whether it may be plain http and private (development).
        allow_local: bool,
    },
    /// Through a service binding, which needs no address and no network.
    Service {
        /// The binding.
        binding: String,
        /// What the other Worker sees as the URL.
        url: String,
    },
}

/// What is sent to an origin service, and how.
#[derive(Debug)]
pub struct HttpOptions {
    /// What is sent.
    pub format: Format,
    /// How long one attempt may take, in milliseconds.
    pub timeout_ms: u32,
    /// Headers that go along.
    pub headers: Vec<(String, String)>,
    /// The secrets that go along.
    pub secrets: DestinationSecrets,
}

/// What an origin service gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A CloudEvent in structured mode: all of it is the body.
    CloudEvents,
    /// A CloudEvent in binary mode: its attributes are headers, its data the body.
    CloudEventsBinary,
    /// The notification as 3scale sent it.
    Xml,
    /// A line of text in the form of Slack's incoming webhooks.
    Slack,
}

/// What a KV namespace keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Each event.
    Events,
    /// The latest state of each object.
    Objects,
}

/// A destination's secrets.
#[derive(Debug, Default)]
pub struct DestinationSecrets {
    /// The keys that all sign, the current one first.
    pub signing: Secrets,
    /// The `Authorization` header.
    pub authorization: Option<Secret>,
    /// The URL, where whoever knows it may call it.
    pub url: Option<Secret>,
}

impl Transport {
    /// The settings that this kind has.
    pub(super) fn keys(&self) -> &'static [&'static str] {
        match self {
            Self::Http {
                route: Route::Url { .. },
                ..
            } => &["url", "format", "timeout_ms", "headers"],
            Self::Http {
                route: Route::Service { .. },
                ..
            } => &["service", "path", "format", "timeout_ms", "headers"],
            Self::Kv { .. } => &["kv", "keep", "ttl_days"],
            Self::Queue { .. } => &["queue"],
        }
    }

    pub(super) fn keeps_objects(&self) -> bool {
        matches!(
            self,
            Self::Kv {
                keep: Keep::Objects,
                ..
            }
        )
    }

    /// Whether it can take an alert, which has no XML and is about no object.
    pub(super) fn takes_alerts(&self) -> bool {
        match self {
            Self::Http { options, .. } => options.format != Format::Xml,
            Self::Kv { keep, .. } => *keep == Keep::Events,
            Self::Queue { .. } => true,
        }
    }

    /// The secrets that go along.
    pub(super) fn secrets(&self) -> Option<&DestinationSecrets> {
        match self {
            Self::Http { options, .. } => Some(&options.secrets),
            Self::Kv { .. } | Self::Queue { .. } => None,
        }
    }

    /// Whether what goes there is signed: bindings lead to nobody but us.
    pub(super) fn is_signed(&self) -> bool {
        matches!(
            self,
            Self::Http {
                route: Route::Url { .. },
                ..
            }
        )
    }
}

impl<E: Environment> Reader<'_, E> {
    pub(super) fn destination_secrets(&mut self, name: &DestinationName) -> DestinationSecrets {
        let variable = format!("DESTINATION_{}_SIGNING_SECRET", name.env_name());
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
        // The whole header, so unlike other secrets it may hold a space: `Bearer …`.
        let whole = |what: &str| {
            let variable = format!("DESTINATION_{}_{what}", name.env_name());
            Secret::whole(&self.env.text(&variable)?)
        };
        DestinationSecrets {
            signing,
            authorization: whole("AUTHORIZATION"),
            url: whole("URL"),
        }
    }
}

/// `None` if there is none, or more than one; that is reported.
pub(super) fn read(
    table: &mut Table<'_>,
    env: &impl Environment,
    secrets: DestinationSecrets,
    allow_local: bool,
    redacts: bool,
) -> Option<Transport> {
    const KINDS: [&str; 4] = ["url", "kv", "service", "queue"];
    let mut kinds = KINDS.into_iter().filter(|kind| table.has(kind));
    let secret_url = secrets.url.as_ref().map(|url| url.reveal().to_owned());
    let kind = kinds.next().or(secret_url.is_some().then_some("url"));
    if kinds.next().is_some() || (secret_url.is_some() && (kind != Some("url") || table.has("url")))
    {
        table.report(
            "",
            "has more than one of url (or the URL secret), kv, service and queue: a destination has one target",
        );
        return None;
    }
    match kind {
        Some("url") => {
            let url = secret_url.or_else(|| table.text("url")).unwrap_or_default();
            if let Err(problem) = target::check(env.parse_url(), &url, allow_local) {
                table.report("url", problem.to_string());
            }
            let options = options(table, secrets, redacts);
            Some(Transport::Http {
                route: Route::Url { url, allow_local },
                options,
            })
        }
        Some("service") => {
            let binding = binding(table, env, "service", Binding::Service);
            let path = table.text("path").unwrap_or_else(|| "/".to_owned());
            if !path.starts_with('/') {
                table.report("path", "must begin with a slash");
            }
            let url = format!(
                "https://{}{path}",
                binding.to_ascii_lowercase().replace('_', "-")
            );
            let options = options(table, secrets, redacts);
            Some(Transport::Http {
                route: Route::Service { binding, url },
                options,
            })
        }
        Some("kv") => Some(kv(table, env)),
        Some(_) => Some(Transport::Queue {
            binding: binding(table, env, "queue", Binding::Queue),
        }),
        None => {
            table.report(
                "",
                "has no target: give it url (an origin service), kv, service or queue (a binding)",
            );
            None
        }
    }
}

fn options(table: &mut Table<'_>, secrets: DestinationSecrets, redacts: bool) -> HttpOptions {
    let format = match table.text("format").as_deref() {
        None | Some("cloudevents") => Format::CloudEvents,
        Some("cloudevents-binary") => Format::CloudEventsBinary,
        Some("xml") => Format::Xml,
        Some("slack") => Format::Slack,
        Some(_) => {
            table.report(
                "format",
                "must be cloudevents, cloudevents-binary, xml or slack",
            );
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
    let headers = table.pairs("headers").unwrap_or_default();
    for (name, _) in &headers {
        if is_reserved(name) {
            table.report("headers", format!("{name} is set by the Worker itself"));
        }
    }
    HttpOptions {
        format,
        timeout_ms: u32::try_from(timeout_ms).unwrap_or(15_000),
        headers,
        secrets,
    }
}

/// Headers that say what we send, or carry a secret and so do not belong into `wrangler.toml`.
fn is_reserved(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    [
        "authorization",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "user-agent",
    ]
    .contains(&header.as_str())
        || header.starts_with("webhook-")
        || header.starts_with("ce-")
        || header.starts_with("cf-")
}

fn kv(table: &mut Table<'_>, env: &impl Environment) -> Transport {
    let binding = binding(table, env, "kv", Binding::Kv);
    let keep = match table.text("keep").as_deref() {
        None | Some("events") => Keep::Events,
        Some("objects") => Keep::Objects,
        Some(_) => {
            table.report("keep", "must be events or objects");
            Keep::Events
        }
    };
    let ttl_seconds = table.integer("ttl_days", 1, 3650).map(|days| days * 86_400);
    Transport::Kv {
        binding,
        keep,
        ttl_seconds,
    }
}

/// The name of a binding that must be there.
fn binding(table: &mut Table<'_>, env: &impl Environment, key: &str, kind: Binding) -> String {
    let name = table.text(key).unwrap_or_default();
    if !env.has(kind, &name) {
        let section = match kind {
            Binding::Kv => "[[kv_namespaces]]",
            Binding::Service => "[[services]]",
            Binding::Queue => "[[queues.producers]]",
        };
        table.report(
            key,
            format!("names no binding: add {section} with this binding to wrangler.toml"),
        );
    }
    name
}
