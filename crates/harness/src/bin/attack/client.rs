//! One request, byte for byte, and what came back: a client that no answer can hold up or bring down.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::tally::Verdict;

/// Longer than anything that the Worker waits for.
const PATIENCE: Duration = Duration::from_secs(25);
/// No answer of the Worker is as long.
const LONGEST_ANSWER: usize = 16 << 20;

/// The statuses of a hook's problem documents, each with its codes: docs/errors.md.
const CODES: [(u16, &[&str]); 8] = [
    (400, &["incomplete_body", "invalid_host"]),
    (401, &["unauthorized"]),
    (403, &["insecure_transport"]),
    (404, &["not_found"]),
    (405, &["method_not_allowed"]),
    (413, &["payload_too_large"]),
    (415, &["unsupported_media_type", "unsupported_encoding"]),
    (
        422,
        &[
            "malformed_xml",
            "doctype_forbidden",
            "limit_exceeded",
            "unknown_entity",
            "invalid_character",
            "invalid_encoding",
            "not_a_notification",
            "form_field_missing",
            "form_encoding_invalid",
        ],
    ),
];

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lower-case names with values, as they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// The reason why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The connection was closed before one was complete.
    Closed,
    /// Nothing came in time.
    Hung,
}

impl Answer {
    /// Reads a whole one.
    pub(crate) async fn of(response: reqwest::Response) -> Result<Self, String> {
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let body = response.text().await.map_err(|error| error.to_string())?;
        Ok(Self {
            status,
            headers,
            body,
        })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// `true` if the runtime refused the request before the Worker saw it.
    pub(crate) fn is_of_the_runtime(&self) -> bool {
        let is_refusal = matches!(self.status, 400..=499 | 501 | 505);
        is_refusal && matches!(self.header("content-type"), "" | "text/plain")
    }

    /// JSON that says that it is, and that nobody may store or take for something else.
    pub(crate) fn is_safe_json(&self) -> Verdict {
        let media_type = self.header("content-type");
        let expected = if self.status < 300 {
            "application/json"
        } else {
            "application/problem+json"
        };
        let is_json = serde_json::from_str::<Value>(&self.body).is_ok();
        let is_safe = self.header("x-content-type-options") == "nosniff"
            && self.header("cache-control") == "no-store";
        if is_json && is_safe && media_type == expected {
            return Ok(());
        }
        Err(format!("{self:?}"))
    }

    /// Checks that the answer is one that docs/errors.md has for a hook.
    pub(crate) fn is_of_a_hook(&self) -> Verdict {
        self.is_safe_json()?;
        let json = self.json();
        let member = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_known = match self.status {
            200 => matches!(member("status"), "accepted" | "duplicate" | "ok"),
            status => CODES
                .iter()
                .any(|(known, codes)| *known == status && codes.contains(&member("code"))),
        };
        if is_known {
            Ok(())
        } else {
            Err(format!("{} {}", self.status, self.body))
        }
    }
}

/// Sends these bytes in pieces with pauses, ends the sending side if told to, and reads one answer.
pub(crate) async fn send(
    port: u16,
    pieces: &[&[u8]],
    pause: Duration,
    end: bool,
) -> Result<Answer, NoAnswer> {
    let exchange = async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let (mut reader, mut writer) = stream.into_split();
        let writing = async {
            for piece in pieces {
                // Whoever has answered already may read no more.
                if writer.write_all(piece).await.is_err() {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
            if end {
                let _ = writer.shutdown().await;
            }
            std::future::pending::<()>().await;
        };
        let reading = async {
            let mut bytes = vec![];
            let mut chunk = vec![0; 1 << 16];
            loop {
                if let Some(answer) = parsed(&bytes, false) {
                    return Some(answer);
                }
                match reader.read(&mut chunk).await {
                    Ok(count) if count > 0 && bytes.len() < LONGEST_ANSWER => {
                        bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
                    }
                    _ => return parsed(&bytes, true),
                }
            }
        };
        tokio::select! {
            answer = reading => answer,
            () = writing => None,
        }
    };
    match timeout(PATIENCE, exchange).await {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(NoAnswer::Closed),
        Err(_) => Err(NoAnswer::Hung),
    }
}

/// The first answer that is not a 1xx, if it is complete; `ended` says that no more will come.
fn parsed(bytes: &[u8], ended: bool) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.as_ref();
    loop {
        let (head, body) = rest.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse::<u16>().ok()?;
        if (100..200).contains(&status) {
            rest = body;
            continue;
        }
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer {
            status,
            headers,
            body: body.to_owned(),
        };
        let length = answer.header("content-length").parse::<usize>().ok();
        let is_complete = match length {
            Some(length) => body.len() >= length,
            None => body.ends_with("0\r\n\r\n"),
        };
        // What follows is the answer to what the runtime took for another request.
        if let Some(own) = length.and_then(|length| body.get(..length)) {
            own.clone_into(&mut answer.body);
        }
        if length.is_none() && answer.header("transfer-encoding") == "chunked" {
            answer.body = unchunked(body);
        }
        return (is_complete || ended).then_some(answer);
    }
}

fn unchunked(mut body: &str) -> String {
    let mut plain = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let Some((chunk, after)) = rest.split_at_checked(size) else {
            break;
        };
        plain.push_str(chunk);
        body = after.trim_start_matches("\r\n");
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 400 x";
        let answer = parsed(whole, false).unwrap();
        assert_eq!((answer.status, &*answer.body), (200, "{}"));
        assert!(parsed(&whole[..whole.len() - 16], false).is_none());
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        assert_eq!(parsed(chunked, false).unwrap().body, "{}");
        assert!(parsed(b"no http\r\n\r\n", true).is_none());
    }

    #[test]
    fn what_is_not_in_the_contract_does_not_hold() {
        let answer = |status, body: &str| Answer {
            status,
            headers: [
                (
                    "content-type",
                    if status == 200 {
                        "application/json"
                    } else {
                        "application/problem+json"
                    },
                ),
                ("x-content-type-options", "nosniff"),
                ("cache-control", "no-store"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            body: body.to_owned(),
        };
        assert!(
            answer(200, r#"{"status":"accepted"}"#)
                .is_of_a_hook()
                .is_ok()
        );
        assert!(
            answer(422, r#"{"code":"malformed_xml"}"#)
                .is_of_a_hook()
                .is_ok()
        );
        for (status, body) in [
            (200, "{}"),
            (500, r#"{"code":"malformed_xml"}"#),
            (503, r#"{"code":"unavailable"}"#),
            (422, r#"{"code":"payload_too_large"}"#),
            (413, "Payload Too Large"),
        ] {
            assert!(
                answer(status, body).is_of_a_hook().is_err(),
                "{status} {body}"
            );
        }
        let mut plain = answer(200, r#"{"status":"accepted"}"#);
        plain.headers.pop();
        assert!(plain.is_of_a_hook().is_err());
    }
}
