//! An origin service: the signed POST to send ([`Message`]), and the meaning of the response ([`outcome`]).

use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};
use threescale::{Redact, write_member};

use super::batch::Batch;
use crate::{
    config::{DestinationSecrets, Format, HttpOptions, Route, is_header},
    delivery::{
        outcome::{Failure, Outcome},
        unreached::Unreached,
    },
    event::{DATA_CONTENT_TYPE, Event},
    excerpt::{IN_HEADER, excerpt},
    location::ParseUrl,
    secret::Secrets,
    target,
};

/// Spelled exactly like this: the JavaScript SDK compares the value.
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// Of several events, in the letters of the `CloudEvents` HTTP binding.
const BATCH_CONTENT_TYPE: &str = "application/cloudevents-batch+json; charset=utf-8";
const USER_AGENT: &str = concat!("threescale-edge/", env!("CARGO_PKG_VERSION"));

/// The headers and the body of one attempt.
#[derive(Debug)]
pub struct Message {
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Message {
    /// Builds the request of the `attempt`th attempt (from 1).
    ///
    /// # Errors
    ///
    /// The signature could not be made, or a header is not valid in HTTP.
    pub fn new(
        event: &Event<'_>,
        options: &HttpOptions,
        redact: &Redact,
        attempt: u32,
        now_ms: i64,
    ) -> Result<Self, Failure> {
        let (content_type, body) = match options.format {
            Format::CloudEvents => (CONTENT_TYPE, event.to_json(redact)),
            Format::CloudEventsBinary => (DATA_CONTENT_TYPE, event.data(redact)),
            Format::Xml => ("application/xml", event.document.to_vec()),
            Format::Slack => (DATA_CONTENT_TYPE, slack_body(event)),
        };
        let mut binary = Vec::new();
        if options.format == Format::CloudEventsBinary {
            event.attributes(|name, value| {
                let value = value.concat();
                let value = excerpt(&value, IN_HEADER);
                binary.push((format!("ce-{name}"), percent_encoded(&value)));
            });
        }
        let id = event.id.to_string();
        Self::signed(&id, content_type, body, binary, options, attempt, now_ms)
    }

    /// Builds the request for an event that is JSON already, in the format `cloudevents`.
    ///
    /// # Errors
    ///
    /// As for one.
    pub fn of_json(
        id: &str,
        json: Vec<u8>,
        options: &HttpOptions,
        attempt: u32,
        now_ms: i64,
    ) -> Result<Self, Failure> {
        let more = Vec::new();
        Self::signed(id, CONTENT_TYPE, json, more, options, attempt, now_ms)
    }

    /// Builds the request for several events. `attempt` is the highest of theirs.
    ///
    /// # Errors
    ///
    /// As for one.
    pub fn of_batch(
        batch: Batch,
        options: &HttpOptions,
        attempt: u32,
        now_ms: i64,
    ) -> Result<Self, Failure> {
        let (id, body) = (batch.id(), batch.into_body());
        let more = Vec::new();
        Self::signed(
            &id,
            BATCH_CONTENT_TYPE,
            body,
            more,
            options,
            attempt,
            now_ms,
        )
    }

    fn signed(
        id: &str,
        content_type: &str,
        body: Vec<u8>,
        more: Vec<(String, String)>,
        options: &HttpOptions,
        attempt: u32,
        now_ms: i64,
    ) -> Result<Self, Failure> {
        let timestamp = now_ms / 1000;
        let mut headers = options.headers.clone();
        let mut add = |name: &str, value: String| headers.push((name.to_owned(), value));
        add("content-type", content_type.to_owned());
        add("user-agent", USER_AGENT.to_owned());
        add(HEADER_WEBHOOK_ID, id.to_owned());
        add(HEADER_WEBHOOK_TIMESTAMP, timestamp.to_string());
        add("webhook-attempt", attempt.to_string());
        let DestinationSecrets {
            signing,
            authorization,
            // That is the route.
            url: _,
        } = &options.secrets;
        if !signing.is_empty() {
            let signature = sign(id, timestamp, &body, signing)?;
            add(HEADER_WEBHOOK_SIGNATURE, signature);
        }
        if let Some(authorization) = authorization {
            add("authorization", authorization.reveal().to_owned());
        }
        headers.extend(more);
        check_headers(&headers)?;
        Ok(Self { headers, body })
    }
}

/// The longest header value that servers are sure to accept.
const LONGEST_HEADER: usize = 8 << 10;

/// Names the fault before the runtime rejects the request without an explanation.
fn check_headers(headers: &[(String, String)]) -> Result<(), Failure> {
    for (name, value) in headers {
        if !is_header(name, value) {
            return Err(Failure::Unsendable(
                "has a header that HTTP does not allow: see `headers` and the AUTHORIZATION secret",
            ));
        }
        if value.len() > LONGEST_HEADER {
            return Err(Failure::Unsendable(
                "has a header that is too long: see `headers` and the AUTHORIZATION secret",
            ));
        }
    }
    Ok(())
}

/// The body that Slack's incoming webhooks accept, and many compatible services.
fn slack_body(event: &Event<'_>) -> Vec<u8> {
    let mut json = vec![b'{'];
    write_member(&mut json, "text", &[&slack_escaped(&event.text())]);
    json.push(b'}');
    json
}

/// Slack reads `<!channel>` and `<https://…|text>` as markup, and our text holds third-party words. These three
/// characters are all that its documentation asks to escape.
fn slack_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// One signature per key: the receiver may hold any of them, so that a key can be rotated.
fn sign(id: &str, timestamp: i64, body: &[u8], signing: &Secrets) -> Result<String, Failure> {
    let signatures: Result<Vec<String>, _> = signing
        .iter()
        .map(|secret| Webhook::new(secret.reveal())?.sign(id, timestamp, body))
        .collect();
    signatures
        .map(|all| all.join(" "))
        .map_err(|_| Failure::Misconfigured("cannot be signed with the signing secret"))
}

/// A header's value in the `CloudEvents` HTTP binding (§3.1.3.2): what is not printable ASCII, and
/// the space, the quote and the percent sign, as percent-encoded UTF-8.
fn percent_encoded(value: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');
    utf8_percent_encode(value, ESCAPED).to_string()
}

/// Checks the target before each attempt, although the configuration has been checked, so that nothing is ever sent to
/// a forbidden target.
///
/// # Errors
///
/// The target may not be called.
pub fn check_route(parse_url: ParseUrl, route: &Route) -> Result<(), Failure> {
    match route {
        Route::Url {
            url, allow_local, ..
        } => target::check(parse_url, url, *allow_local)
            .map_err(|refused| Failure::Unreached(Unreached::refused(&refused))),
        Route::Service { .. } => Ok(()),
    }
}

/// The meaning of a response, which may be Cloudflare's own in the origin's place.
#[must_use]
pub fn outcome(
    status: u16,
    retry_after_ms: Option<i64>,
    error_type: Option<&str>,
    body: &str,
) -> Outcome {
    match (
        Outcome::of_status(status, retry_after_ms),
        Unreached::by_answer(status, error_type, body),
    ) {
        (Outcome::Failed { retry_after_ms, .. }, Some(unreached)) => Outcome::Failed {
            failure: Failure::Unreached(unreached),
            retry_after_ms,
        },
        (outcome, _) => outcome,
    }
}

#[cfg(test)]
mod tests;
