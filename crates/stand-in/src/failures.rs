//! The list of events that could not be delivered: Redis' `webhooks:failures:provider-<id>`.

use std::collections::VecDeque;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::xml::{Builder, nokogiri};

/// An event whose six attempts failed.
#[derive(Clone, Debug)]
pub struct Failure {
    id: Uuid,
    /// When the attempts ran out, in whole seconds: two failures of one second cannot be told apart.
    time: DateTime<Utc>,
    /// As it was sent, with its secret.
    url: String,
    /// The document, byte for byte as it was pushed.
    xml: String,
}

impl Failure {
    /// 3scale's record of an event that it gave up: `xml` as it was sent, `url` with its secret.
    pub fn new(id: Uuid, time: DateTime<Utc>, url: String, xml: String) -> Self {
        Self {
            id,
            time: time.trunc_subsecs(0),
            url,
            xml,
        }
    }

    /// 3scale loses the status: every failure over HTTP has this name.
    const ERROR: &str = "WebHookWorker::ClientError";

    fn printed_time(&self) -> String {
        self.time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// Oldest first, unlimited: it is neither paged nor capped, and no entry leaves it by itself.
#[derive(Debug, Default)]
pub struct Failures {
    list: VecDeque<Failure>,
}

impl Failures {
    /// Adds one as the newest.
    pub fn push(&mut self, failure: Failure) {
        self.list.push_back(failure);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// `true` if it is empty.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// `DELETE` without `time`.
    pub fn delete_all(&mut self) {
        self.list.clear();
    }

    /// `DELETE ?time=`: from the oldest on while not later than `time`, which is included. It stops at the first later
    /// one, even if an earlier one stands behind it.
    pub fn delete_until(&mut self, time: DateTime<Utc>) {
        while self
            .list
            .front()
            .is_some_and(|failure| failure.time <= time)
        {
            self.list.pop_front();
        }
    }

    /// The list as `GET …/failures.xml` shows it.
    pub fn xml(&self) -> String {
        let mut out = format!("{}<webhooks-failures>", Builder::DECLARATION);
        for failure in &self.list {
            let mut builder = Builder::default();
            builder.text("id", failure.id);
            builder.text("time", failure.printed_time());
            builder.text("error", Failure::ERROR);
            builder.text("url", &failure.url);
            // A document that cannot be reformatted is shown as it came; 3scale itself sends only XML.
            let event = nokogiri(&failure.xml).unwrap_or_else(|_| failure.xml.clone());
            out.extend([
                "<webhooks-failure>",
                &builder.into_string(),
                &event,
                "</webhooks-failure>",
            ]);
        }
        out + "</webhooks-failures>"
    }

    /// The list as `GET …/failures.json` shows it: here `event` is the pushed document itself, byte for byte.
    pub fn json(&self) -> Value {
        let entry = |failure: &Failure| {
            json!({ "webhooks-failure": {
                "id": failure.id.to_string(),
                "time": failure.printed_time(),
                "error": Failure::ERROR,
                "url": failure.url,
                "event": failure.xml,
            }})
        };
        json!({ "webhooks-failures": self.list.iter().map(entry).collect::<Vec<_>>() })
    }
}
