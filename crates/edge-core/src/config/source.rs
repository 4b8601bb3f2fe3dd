//! `[vars.SOURCES.<name>]`, `SOURCE_<NAME>_SECRET`, `SOURCE_<NAME>_ACCESS_TOKEN`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Environment, Reader, Table, transport::vpc, warn_of_address};
use crate::{
    location::ParseUrl,
    name::SourceName,
    secret::{Secret, Secrets},
    target,
};

/// One 3scale tenant that sends to us.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name: in the hook's path, and that of its inbox.
    pub name: SourceName,
    /// The query parameter that carries the secret.
    pub secret_param: String,
    /// The values that are accepted as the secret.
    pub secrets: Secrets,
    /// The tenant's admin portal, without a slash at its end.
    pub admin_url: Option<String>,
    /// The binding of Workers VPC through which the admin portal is called, if it is in a private network.
    pub vpc: Option<String>,
    /// Further addresses to which its notifications were sent.
    pub recover_from: RecoverFrom,
    /// How long it may send nothing, in milliseconds.
    pub silent_after_ms: Option<i64>,
    /// The token for the tenant's admin API.
    pub access_token: Option<Secret>,
    /// Over how many inboxes its events are spread.
    pub shards: u32,
    /// `true` if its configuration has a mistake. It then takes nothing in and begins no recovery, but delivers what it
    /// has.
    pub is_closed: bool,
    /// `/sources/{name}`: what stands for it where no admin portal is known.
    pub path: String,
}

/// The addresses whose entries in 3scale's list of failures are this source's, besides those that the Worker knows to be
/// its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecoverFrom {
    /// Each of them.
    Any,
    /// These origins.
    Origins(BTreeSet<String>),
}

impl Default for RecoverFrom {
    fn default() -> Self {
        Self::Origins(BTreeSet::new())
    }
}

impl Source {
    /// A source with the defaults, for tests.
    #[cfg(test)]
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.parse().unwrap(),
            secret_param: "token".to_owned(),
            secrets: Secrets::default(),
            admin_url: None,
            vpc: None,
            recover_from: RecoverFrom::default(),
            silent_after_ms: None,
            access_token: None,
            shards: 1,
            is_closed: false,
            path: format!("/sources/{name}"),
        }
    }

    /// The events' `source`.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.admin_url.as_deref().unwrap_or(&self.path)
    }

    /// The tenant's admin API: its address, and the token that it asks for. Without either, or with a mistake that
    /// may be in them, there is no recovery.
    #[must_use]
    pub fn admin(&self) -> Option<(&str, &Secret)> {
        if self.is_closed {
            return None;
        }
        self.admin_url.as_deref().zip(self.access_token.as_ref())
    }
}

/// A request for all shards calls each of them, and the free plan allows 50 calls for one invocation.
const MOST_SHARDS: u64 = 32;

impl<E: Environment> Reader<'_, E> {
    pub(super) fn source(&mut self, name: SourceName, value: Value) -> Source {
        let mistakes_before = self.findings.mistakes.len();
        let (allow_local, env) = (self.allow_local, self.env);
        let parse_url = env.parse_url();
        let mut table = self.table(format!("SOURCES.{name}"), value);
        let secret_param = table
            .text("secret_param")
            .unwrap_or_else(|| "token".to_owned());
        if secret_param == "ping" {
            table.report(
                "secret_param",
                "must not be ping: 3scale's Ping! sends that parameter itself",
            );
        }
        let admin_url = table
            .text("admin_url")
            .map(|url| url.trim_end_matches('/').to_owned());
        let vpc = vpc(&mut table, env);
        if vpc.is_some() && admin_url.is_none() {
            table.report("vpc", "leads to the admin portal: say admin_url too");
        }
        let allow_local = allow_local || vpc.is_some();
        if let Some(url) = &admin_url {
            if let Err(problem) = target::check(parse_url, url, allow_local) {
                table.report("admin_url", problem.to_string());
            } else {
                warn_of_address(&mut table, None, "admin_url", parse_url, url, allow_local);
            }
        }
        let shards = table.integer("shards", 1, MOST_SHARDS).unwrap_or(1);
        let silent_after_hours = table.integer("silent_after_hours", 1, 8760);
        let recover_from = recover_from(&mut table, parse_url);
        table.finish(&[
            "secret_param",
            "admin_url",
            "vpc",
            "recover_from",
            "shards",
            "silent_after_hours",
        ]);
        let silent_after_ms =
            silent_after_hours.map(|hours| self.scaled(hours.cast_signed() * 3_600_000));

        let variable = format!("SOURCE_{}_SECRET", name.env_name());
        let secrets = self.secrets(&variable);
        if secrets.is_empty() {
            self.mistake(
                &variable,
                "is not set: without it nobody can send. `wrangler secret put` sets it",
            );
        }
        let access_token = self.access_token(&name, admin_url.is_some());
        Source {
            is_closed: self.findings.mistakes.len() > mistakes_before,
            path: format!("/sources/{name}"),
            name,
            secret_param,
            secrets,
            admin_url,
            vpc,
            recover_from,
            silent_after_ms,
            access_token,
            shards: u32::try_from(shards).unwrap_or(1),
        }
    }

    fn access_token(&mut self, name: &SourceName, has_admin_url: bool) -> Option<Secret> {
        let variable = format!("SOURCE_{}_ACCESS_TOKEN", name.env_name());
        let token = self.whole_secret(&variable)?;
        if !has_admin_url {
            self.mistake(
                &variable,
                format!("is set, but SOURCES.{name}.admin_url is not: it says whose admin API the token is for"),
            );
        }
        if !token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            self.mistake(
                &variable,
                "holds a space or another character that no access token of 3scale has",
            );
        }
        Some(token)
    }
}

/// `recover_from = ["https://old.example.com"]`, or `["*"]`. These are compared and never called.
fn recover_from(table: &mut Table<'_>, parse_url: ParseUrl) -> RecoverFrom {
    let mut origins = BTreeSet::new();
    for text in table.texts("recover_from").unwrap_or_default() {
        if text == "*" {
            return RecoverFrom::Any;
        }
        match parse_url(&text).filter(|url| url.path == "/" && url.query.is_empty()) {
            Some(url) => {
                origins.insert(url.origin);
            }
            None => table.report(
                "recover_from",
                "must hold addresses without a path, such as https://old.example.com, or \"*\" for all",
            ),
        }
    }
    RecoverFrom::Origins(origins)
}
