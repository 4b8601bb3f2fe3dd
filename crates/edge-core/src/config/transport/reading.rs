//! Reads the kind of a destination and its settings.

use standardwebhooks::Webhook;

use super::{
    super::{Binding, Environment, Reader, header::is_header, table::Table, warn_of_address},
    DestinationSecrets, Format, HttpOptions, Keep, Route, Transport,
};
use crate::{name::DestinationName, secret::Secret, target};

impl<E: Environment> Reader<'_, E> {
    pub(in crate::config) fn destination_secrets(
        &mut self,
        name: &DestinationName,
    ) -> DestinationSecrets {
        let variable = |what: &str| format!("DESTINATION_{}_{what}", name.env_name());
        let signing_variable = variable("SIGNING_SECRET");
        let signing = self.secrets(&signing_variable);
        for secret in signing.iter() {
            let value = secret.reveal();
            let base64 = value.strip_prefix("whsec_").unwrap_or(value);
            if Webhook::new(value).is_err() {
                self.mistake(
                    &signing_variable,
                    "must be a Standard Webhooks secret: whsec_ and then base64",
                );
            } else if !(32..=88).contains(&base64.len()) {
                self.warn(
                    &signing_variable,
                    "holds a key that is not of 24 to 64 bytes, as Standard Webhooks wants it: \
                     `echo \"whsec_$(openssl rand -base64 32)\"` makes one",
                );
            }
        }
        // The whole header, so unlike other secrets it may hold a space: `Bearer …`.
        let authorization = self.whole_secret(&variable("AUTHORIZATION"));
        if let Some(value) = &authorization
            && !is_header("authorization", value.reveal())
        {
            self.mistake(
                variable("AUTHORIZATION"),
                "holds a character that no header may: use visible ASCII characters and spaces",
            );
        }
        DestinationSecrets {
            signing,
            authorization,
            url: self.whole_secret(&variable("URL")),
        }
    }
}

/// The context in which the settings of a transport are read.
pub(in crate::config) struct Context<'c, E> {
    pub(in crate::config) env: &'c E,
    pub(in crate::config) name: &'c DestinationName,
    pub(in crate::config) allow_local: bool,
    /// `true` if the destination has elements whose values are not sent.
    pub(in crate::config) redacts: bool,
}

/// The settings of requests to an origin service, however it is reached.
const OF_REQUESTS: &[&str] = &["format", "timeout_ms", "headers", "final"];
/// The settings of kinds that can take several events together.
const OF_BATCHES: &[&str] = &["batch", "batch_seconds"];

/// Each kind, with its settings.
const KINDS: [(&str, &[&[&str]]); 4] = [
    ("url", &[&["url", "vpc"], OF_REQUESTS, OF_BATCHES]),
    ("kv", &[&["kv", "keep", "ttl_days"], OF_BATCHES]),
    ("service", &[&["service", "path"], OF_REQUESTS, OF_BATCHES]),
    ("queue", &[&["queue"]]),
];

/// The kinds that a table names.
fn kinds<'t>(
    table: &'t Table<'_>,
    secrets: &DestinationSecrets,
) -> impl Iterator<Item = (&'static str, &'static [&'static [&'static str]])> + 't {
    let is_secret = secrets.url.is_some();
    KINDS
        .into_iter()
        .filter(move |(kind, _)| table.has(kind) || (*kind == "url" && is_secret))
}

/// The settings of the kind that a table is of; those of all kinds, where it is of none or of several.
pub(in crate::config) fn known_settings(
    table: &Table<'_>,
    secrets: &DestinationSecrets,
) -> Vec<&'static str> {
    let mut kinds = kinds(table, secrets);
    if let (Some((_, settings)), None) = (kinds.next(), kinds.next()) {
        return settings.concat();
    }
    let mut all = Vec::new();
    for setting in KINDS.iter().flat_map(|(_, settings)| settings.concat()) {
        if !all.contains(&setting) {
            all.push(setting);
        }
    }
    all
}

/// `None` if there is none, or more than one; that is reported.
pub(in crate::config) fn read(
    table: &mut Table<'_>,
    context: &Context<'_, impl Environment>,
    secrets: DestinationSecrets,
    known: &[&str],
) -> Option<Transport> {
    let mut kinds = kinds(table, &secrets).map(|(kind, _)| kind);
    let (kind, other) = (kinds.next(), kinds.next());
    drop(kinds);
    if other.is_some() || (secrets.url.is_some() && table.has("url")) {
        table.report(
            "",
            "has more than one of url (or the URL secret), kv, service and queue: a destination has one target",
        );
        return None;
    }
    match kind {
        Some("url") => {
            let route = url_route(table, context, secrets.url.as_ref());
            let options = options(table, secrets, context.redacts);
            Some(Transport::Http { route, options })
        }
        Some("service") => {
            let binding = binding(table, context.env, "service", Binding::Service);
            let path = table.text("path").unwrap_or_else(|| "/".to_owned());
            if !path.starts_with('/') {
                table.report("path", "must begin with a slash");
            }
            let url = format!(
                "https://{}{path}",
                binding.to_ascii_lowercase().replace('_', "-")
            );
            let options = options(table, secrets, context.redacts);
            Some(Transport::Http {
                route: Route::Service { binding, url },
                options,
            })
        }
        Some("kv") => Some(kv(table, context.env)),
        Some(_) => Some(Transport::Queue {
            binding: binding(table, context.env, "queue", Binding::Queue),
        }),
        None => {
            // A misspelt `ur` is reported as such, which says more.
            if !table.has_misspelt(&KINDS.map(|(kind, _)| kind), known) {
                table.report(
                    "",
                    "has no target: give it url (an origin service), kv, service or queue (a binding)",
                );
            }
            None
        }
    }
}

/// The URL of the table, or of the secret in its place, which is then at fault itself.
fn url_route(
    table: &mut Table<'_>,
    context: &Context<'_, impl Environment>,
    secret: Option<&Secret>,
) -> Route {
    let vpc = vpc(table, context.env);
    // What is bound was chosen by the account's owner, and is private on purpose.
    let allow_local = context.allow_local || vpc.is_some();
    let parse_url = context.env.parse_url();
    let variable = secret.map(|_| format!("DESTINATION_{}_URL", context.name.env_name()));
    let url = match secret {
        Some(secret) => Some(secret.reveal().to_owned()),
        // Of the wrong type: that is reported.
        None => table.text("url"),
    };
    if let Some(url) = &url {
        match (target::check(parse_url, url, allow_local), &variable) {
            (Ok(()), variable) => {
                warn_of_address(
                    table,
                    variable.as_deref(),
                    "url",
                    parse_url,
                    url,
                    allow_local,
                );
            }
            (Err(problem), Some(variable)) => table.report_item(variable, problem.to_string()),
            (Err(problem), None) => table.report("url", problem.to_string()),
        }
    }
    let url = url.unwrap_or_default();
    Route::Url {
        url,
        allow_local,
        vpc,
    }
}

/// The binding through which a URL in a private network is called.
pub(in crate::config) fn vpc(table: &mut Table<'_>, env: &impl Environment) -> Option<String> {
    table
        .has("vpc")
        .then(|| binding(table, env, "vpc", Binding::Vpc))
}

fn options(table: &mut Table<'_>, secrets: DestinationSecrets, redacts: bool) -> HttpOptions {
    let formats = [
        ("cloudevents", Format::CloudEvents),
        ("cloudevents-binary", Format::CloudEventsBinary),
        ("xml", Format::Xml),
        ("slack", Format::Slack),
    ];
    let format = table
        .choice("format", &formats)
        .unwrap_or(Format::CloudEvents);
    if redacts && format == Format::Xml {
        table.report(
            "redact",
            "cannot be kept with format xml, which is sent as 3scale wrote it",
        );
    }
    let timeout_ms = table.integer("timeout_ms", 100, 60_000).unwrap_or(15_000);
    let headers = table.pairs("headers").unwrap_or_default();
    for (name, value) in &headers {
        if is_reserved(name) {
            table.report(
                "headers",
                format!("{name} is set by the Worker itself, or by HTTP"),
            );
        } else if !is_header(name, "") {
            table.report(
                "headers",
                format!("{name:?} is no name of a header: use letters, digits and dashes"),
            );
        } else if !is_header(name, value) {
            table.report(
                "headers",
                format!("the value of {name} must be of visible ASCII characters and spaces"),
            );
        }
    }
    HttpOptions {
        format,
        timeout_ms: u32::try_from(timeout_ms).unwrap_or(15_000),
        headers,
        secrets,
    }
}

/// Headers that say what we send or how, or carry a secret and so do not belong into `wrangler.toml`.
fn is_reserved(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    [
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ]
    .contains(&header.as_str())
        || header.starts_with("webhook-")
        || header.starts_with("ce-")
        || header.starts_with("cf-")
}

fn kv(table: &mut Table<'_>, env: &impl Environment) -> Transport {
    let binding = binding(table, env, "kv", Binding::Kv);
    let choices = [("events", Keep::Events), ("objects", Keep::Objects)];
    let keep = table.choice("keep", &choices).unwrap_or(Keep::Events);
    let ttl_seconds = table.integer("ttl_days", 1, 3650).map(|days| days * 86_400);
    Transport::Kv {
        binding,
        keep,
        ttl_seconds,
    }
}

/// The name of a binding that must be there.
fn binding(table: &mut Table<'_>, env: &impl Environment, key: &str, kind: Binding) -> String {
    let Some(name) = table.text(key) else {
        return String::new();
    };
    if !env.has(kind, &name) {
        let section = match kind {
            Binding::Kv => "[[kv_namespaces]]",
            Binding::Service => "[[services]]",
            Binding::Queue => "[[queues.producers]]",
            Binding::Vpc => "[[vpc_services]]",
        };
        table.report(
            key,
            format!("{name} names no binding: add {section} with this binding to wrangler.toml"),
        );
    }
    name
}
