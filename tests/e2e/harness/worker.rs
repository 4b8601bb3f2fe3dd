//! A Worker in the real runtime with a configuration of the test's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::PATIENCE;
use super::front::{Answer, encode};
use crate::demo::deployment::Deployment;
use crate::demo::guarded::{Guarded, Log};
use crate::demo::{free_port, kv, workerd, wrangler};
use stand_in::notifications::Notification;
use stand_in::wire::{self, BodyFormat};

/// A running Worker; it ends when this is dropped, or when the test's process ends.
pub(crate) struct Worker {
    // Before the deployment, so that it ends before its folder goes.
    runtime: Guarded,
    pub(crate) deployment: Deployment,
    start: Start,
    /// The current secret of each source.
    tokens: BTreeMap<String, (String, String)>,
}

type Start = fn(&Deployment, u16, &Log) -> anyhow::Result<Guarded>;

/// What a Worker of a test is configured with.
pub(crate) struct Setup {
    start: Start,
    config: toml::Table,
    beside: Vec<(String, String, String)>,
    vars: toml::Table,
    secrets: Vec<(String, String)>,
    tokens: BTreeMap<String, (String, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            start: wrangler::dev,
            config: toml::Table::new(),
            beside: vec![],
            vars: toml::Table::new(),
            secrets: vec![],
            tokens: BTreeMap::new(),
        }
    }
}

impl Setup {
    /// In workerd alone, which starts ten times as fast, but has no KV and none of wrangler's commands.
    pub(crate) fn bare() -> Self {
        Self {
            start: workerd::serve,
            ..Self::default()
        }
    }

    /// Further sections of `wrangler.toml`.
    pub(crate) fn config(mut self, sections: &str) -> Self {
        self.config.extend(sections.parse::<toml::Table>().unwrap());
        self
    }

    /// Another Worker, which bindings of ours may name: its `wrangler.toml` and its only module.
    pub(crate) fn beside(mut self, name: &str, config: &str, script: &str) -> Self {
        let worker = [name, config, script].map(str::to_owned);
        self.beside.push(worker.into());
        self
    }

    /// A source whose `secrets` are all valid; `settings` are its table in TOML.
    pub(crate) fn source(mut self, name: &str, secrets: &str, settings: &str) -> Self {
        let settings: toml::Table = settings.parse().unwrap();
        let param = settings
            .get("secret_param")
            .and_then(toml::Value::as_str)
            .unwrap_or("token")
            .to_owned();
        let current = secrets
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        self.tokens.insert(name.to_owned(), (param, current));
        self.table("SOURCES", name, settings)
            .secret(&format!("SOURCE_{}_SECRET", capitals(name)), secrets)
    }

    /// A destination; `settings` are its table in TOML.
    pub(crate) fn destination(self, name: &str, settings: &str) -> Self {
        self.table("DESTINATIONS", name, settings.parse().unwrap())
    }

    /// An origin service that gets only what `source` sends, signed.
    pub(crate) fn origin_of(self, name: &str, url: &str, signing: &str, settings: &str) -> Self {
        self.destination(name, &format!("url = \"{url}\"\n{settings}"))
            .secret(
                &format!("DESTINATION_{}_SIGNING_SECRET", capitals(name)),
                signing,
            )
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push((name.to_owned(), value.to_owned()));
        self
    }

    fn table(mut self, variable: &str, name: &str, settings: toml::Table) -> Self {
        let items = self
            .vars
            .entry(variable)
            .or_insert_with(|| toml::Table::new().into());
        items
            .as_table_mut()
            .unwrap()
            .insert(name.to_owned(), settings.into());
        self
    }

    /// Blocks until the Worker is ready.
    pub(crate) fn start(self) -> Worker {
        self.start_with(|_| ())
    }

    /// The same, with something to do before the Worker starts.
    pub(crate) fn start_with(self, prepare: impl FnOnce(&Deployment)) -> Worker {
        let secrets: Vec<_> = self
            .secrets
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut deployment = Deployment::new(self.vars, &secrets).unwrap();
        deployment.configure(self.config).unwrap();
        for (name, config, script) in &self.beside {
            deployment.put_beside(name, config, script).unwrap();
        }
        prepare(&deployment);
        let runtime = (self.start)(&deployment, free_port().unwrap(), &Log::default()).unwrap();
        Worker {
            deployment,
            runtime,
            start: self.start,
            tokens: self.tokens,
        }
    }

    /// The same, off the test's own thread.
    pub(crate) async fn started(self) -> Worker {
        tokio::task::spawn_blocking(|| self.start()).await.unwrap()
    }
}

impl Worker {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.runtime.url())
    }

    pub(crate) fn port(&self) -> u16 {
        self.runtime.port()
    }

    /// The path and query that 3scale is given for this source.
    pub(crate) fn hook(&self, source: &str) -> String {
        let (param, token) = &self.tokens[source];
        format!("/hooks/{source}?{param}={}", encode(token))
    }

    /// Pushes as 3scale does.
    pub(crate) async fn push(&self, source: &str, xml: &str, format: BodyFormat) -> Receipt {
        let target = self.url(&self.hook(source)).parse().unwrap();
        let answer = wire::push(&target, xml, format, PATIENCE).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        Receipt {
            id: body["id"].as_str().unwrap().to_owned(),
            status: body["status"].as_str().unwrap().to_owned(),
        }
    }

    /// Pushes a notification that must be new; gives back its id.
    pub(crate) async fn accept(&self, source: &str, notification: &Notification) -> String {
        let receipt = self
            .push(source, &notification.xml(), BodyFormat::Xml)
            .await;
        assert_eq!(receipt.status, "accepted");
        receipt.id
    }

    /// A request of any shape.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = reqwest::Client::new()
            .request(method.parse().unwrap(), self.url(path))
            .timeout(PATIENCE)
            .body(body);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "", "").await
    }

    /// The attempts of an event at a destination, as operators see them, once there are so many. The Worker's
    /// `CONSOLE_TOKEN` is this one.
    pub(crate) async fn attempts(
        &self,
        token: &str,
        id: &str,
        name: &str,
        least: usize,
    ) -> Vec<Value> {
        let url = self.url(&format!("/api/v1/events/{id}"));
        let client = reqwest::Client::new();
        let looking = async {
            loop {
                let answer = client.get(&url).bearer_auth(token).send().await.unwrap();
                let event: Value = answer.json().await.unwrap();
                let deliveries = event["deliveries"].as_array().unwrap();
                let delivery = deliveries.iter().find(|one| one["destination"] == name);
                let attempts = delivery.unwrap()["attempts"].as_array().unwrap();
                if attempts.len() >= least {
                    return attempts.clone();
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, looking).await;
        seen.unwrap_or_else(|_| panic!("no {least} attempts at {name} within {PATIENCE:?}"))
    }

    /// All that the runtime and the Worker have written.
    pub(crate) fn log(&self) -> String {
        self.runtime.log().text()
    }

    /// The event's value in the KV binding `EVENTS`, once it is there, with its entry. Blocks.
    pub(crate) fn stored(&self, id: &str) -> (kv::Entry, Value) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            // Each look is a start of wrangler of a second or two, which is pause enough.
            let entries = kv::list(&self.deployment, "EVENTS").unwrap();
            if let Some(entry) = entries.into_iter().find(|entry| entry.key.ends_with(id)) {
                let values = kv::values(&self.deployment, "EVENTS", &[&entry.key]).unwrap();
                let value = values[&entry.key].clone();
                return (entry, value);
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{id} is not in KV within {PATIENCE:?}"
            );
        }
    }

    /// Where the runtime keeps its state.
    pub(crate) fn state(&self) -> PathBuf {
        self.deployment.state()
    }

    /// The file of the local state (Durable Objects and KV) that holds these bytes, if one does.
    pub(crate) fn stored_in(&self, needle: &[u8]) -> Option<PathBuf> {
        let state = self.deployment.state();
        let wranglers = state.join("v3");
        let mut files = if wranglers.is_dir() {
            [
                files_below(&wranglers.join("do")),
                files_below(&wranglers.join("kv")),
            ]
            .concat()
        } else {
            files_below(&state)
        }
        .into_iter();
        files.find(|file| {
            // A database may replace its files while we look.
            let bytes = std::fs::read(file).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    }

    /// SIGKILL to the whole of it.
    pub(crate) fn kill9(&mut self) {
        self.runtime.kill9();
    }

    /// The same as [`Self::restart`], off the test's own thread.
    pub(crate) async fn restarted(mut self) -> Self {
        let restart = move || {
            self.restart();
            self
        };
        tokio::task::spawn_blocking(restart).await.unwrap()
    }

    /// The same, with other variables in its configuration.
    pub(crate) async fn reconfigured(self, change: impl FnOnce(&mut toml::Value)) -> Self {
        let file = self.deployment.config();
        let mut config: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        change(&mut config["vars"]);
        std::fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
        self.restarted().await
    }

    /// Starts it again on the same state and port.
    pub(crate) fn restart(&mut self) {
        let (port, log) = (self.runtime.port(), self.runtime.log().clone());
        self.runtime = (self.start)(&self.deployment, port, &log).unwrap();
    }
}

/// What the Worker answers to an accepted notification.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Receipt {
    pub(crate) id: String,
    pub(crate) status: String,
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn capitals(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}
