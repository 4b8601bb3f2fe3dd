//! `wrangler.toml` and `.dev.vars` as the environment that the Worker would have.

use std::collections::BTreeMap;

use anyhow::Context;
use edge_core::{
    config::{Binding, Environment},
    location::{Location, ParseUrl},
};
use serde_json::Value;

use crate::{Target, dev_vars};

/// The settings, and which of them are known.
pub(crate) struct Files {
    /// The tables of `wrangler.toml`.
    wrangler: Value,
    /// Those of `.dev.vars` come first.
    dev_vars: BTreeMap<String, String>,
    target: Target,
}

/// Stand-ins for secrets that only Cloudflare has. Nothing is wrong with them.
const SECRET: &str = "set-with-wrangler-secret-put";
const SIGNING_SECRET: &str = "whsec_c2V0IHdpdGggd3JhbmdsZXIgc2VjcmV0IHB1dCAuLi4=";
const URL: &str = "https://set-with-wrangler-secret-put.example.com/";

impl Files {
    pub(crate) fn new(wrangler: &str, dev_vars: &str, target: Target) -> anyhow::Result<Self> {
        let wrangler: toml::Table = wrangler.parse().context("wrangler.toml is not TOML")?;
        Ok(Self {
            wrangler: serde_json::to_value(wrangler)?,
            dev_vars: dev_vars::parse(dev_vars),
            target,
        })
    }

    /// A text at the top of `wrangler.toml`.
    pub(crate) fn top(&self, name: &str) -> Option<String> {
        self.wrangler.get(name)?.as_str().map(str::to_owned)
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.wrangler.get("vars")?.get(name)
    }

    /// The names of all bindings of a kind: `[[kv_namespaces]]`, `[[queues.producers]]`.
    fn bindings(&self, path: &str) -> impl Iterator<Item = &str> {
        let list = self.wrangler.pointer(path).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|binding| binding.get("binding")?.as_str())
    }

    /// What stands for a secret before a deployment, where the Worker would look for one that somebody has to set.
    fn stand_in(&self, name: &str) -> Option<&'static str> {
        if name.starts_with("SOURCE_") && name.ends_with("_SECRET") {
            return Some(SECRET);
        }
        let of_destination = name.strip_prefix("DESTINATION_")?;
        let has = |destination: &Value, key: &str| destination.get(key).is_some();
        let destinations = self.variable("DESTINATIONS")?.as_object()?;
        destinations.iter().find_map(|(name, destination)| {
            let rest = of_destination.strip_prefix(&name.to_uppercase().replace('-', "_"))?;
            let is_bound = ["kv", "queue", "service"]
                .iter()
                .any(|key| has(destination, key));
            match rest {
                "_URL" if !is_bound && !has(destination, "url") => Some(URL),
                "_SIGNING_SECRET" if !has(destination, "kv") && !has(destination, "queue") => {
                    Some(SIGNING_SECRET)
                }
                _ => None,
            }
        })
    }
}

impl Environment for Files {
    fn table(&self, name: &str) -> Option<Value> {
        match self.text(name) {
            Some(text) => Some(serde_json::from_str(&text).unwrap_or(Value::String(text))),
            None => self.variable(name).cloned(),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = self.dev_vars.get(name).map(String::as_str);
        let text = text.or_else(|| self.variable(name)?.as_str());
        let text = text.or_else(|| match self.target {
            Target::Deploy => self.stand_in(name),
            Target::Dev => None,
        });
        text.map(str::to_owned)
    }

    fn names(&self) -> Vec<String> {
        let variables = self.wrangler.get("vars").and_then(Value::as_object);
        let variables = variables.into_iter().flat_map(|variables| variables.keys());
        variables.chain(self.dev_vars.keys()).cloned().collect()
    }

    fn has(&self, kind: Binding, name: &str) -> bool {
        let paths: &[&str] = match kind {
            Binding::Kv => &["/kv_namespaces"],
            Binding::Service => &["/services"],
            Binding::Queue => &["/queues/producers"],
            Binding::Vpc => &["/vpc_services", "/vpc_networks"],
        };
        let mut bindings = paths.iter().flat_map(|path| self.bindings(path));
        bindings.any(|binding| binding == name)
    }

    fn parse_url(&self) -> ParseUrl {
        parse_url
    }
}

/// Parses a URL as the runtime does.
pub(crate) fn parse_url(url: &str) -> Option<Location> {
    let url = url::Url::parse(url).ok()?;
    Some(Location {
        scheme: url.scheme().to_owned(),
        host: url.host_str().unwrap_or_default().to_owned(),
        origin: url.origin().ascii_serialization(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        credentials: !url.username().is_empty() || url.password().is_some(),
    })
}
