//! The `CloudEvent` around the data, for the contenders that do not use the Worker's own code.

use edge_core::time::rfc3339;
use ours::given;
use serde::Serialize;

use crate::utc::utc;

/// A `CloudEvent`. `D` writes its `data`.
#[derive(Serialize)]
pub(crate) struct Envelope<D> {
    specversion: &'static str,
    id: &'static str,
    source: &'static str,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    sequence: String,
    dataschema: String,
    datacontenttype: &'static str,
    data: D,
}

/// What of a notification its envelope tells.
pub(crate) struct Summary<'x> {
    pub(crate) kind: &'x str,
    pub(crate) action: &'x str,
    pub(crate) id: Option<&'x str>,
    pub(crate) updated_at: Option<&'x str>,
}

impl<D: Serialize> Envelope<D> {
    pub(crate) fn new(summary: &Summary<'_>, data: D) -> Self {
        let &Summary {
            kind,
            action,
            id,
            updated_at,
        } = summary;
        let schema = if matches!(kind, "account" | "user" | "application") {
            kind
        } else {
            "generic"
        };
        Self {
            specversion: "1.0",
            id: given::ID,
            source: given::SOURCE,
            kind: format!("net.3scale.{kind}.{action}"),
            subject: id.map(|id| format!("{kind}/{id}")),
            time: updated_at.map_or_else(
                || rfc3339(given::RECEIVED_MS),
                |time| utc(time).into_owned(),
            ),
            sequence: format!("{:020}", given::SEQUENCE),
            dataschema: format!("{}/schemas/{schema}.json", given::BASE),
            datacontenttype: "application/json",
            data,
        }
    }

    pub(crate) fn to_json(&self, size: usize) -> Vec<u8> {
        let mut json = Vec::with_capacity(size + 512);
        // Texts, numbers and maps with text keys: nothing that JSON could not say.
        serde_json::to_writer(&mut json, self).expect("JSON");
        json
    }
}
