//! The Worker's API, as this program calls it.

use std::{fmt, fs, io::Read as _, time::Duration};

use anyhow::{Context as _, bail};
use edge_core::problem::Document;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::{Agent, Body, http::Response};
use url::Url;

use crate::args::Global;

const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const LARGEST_ANSWER: u64 = 64 << 20;

/// The reason why a call did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The Worker, or Cloudflare before it, says no: asking again does not help.
    Refused(String),
    /// It may work later, at the earliest after so many seconds.
    Later(String, Option<u64>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Later(why, _) => f.write_str(why),
        }
    }
}

impl std::error::Error for Failure {}

/// The Worker at an address, with the caller's token.
pub(crate) struct Api {
    base: Url,
    agent: Agent,
    /// The token and Access's, as headers.
    headers: Vec<(&'static str, String)>,
}

impl Api {
    pub(crate) fn new(global: &Global) -> anyhow::Result<Self> {
        let base = Url::parse(global.url.trim_end_matches('/'))
            .with_context(|| format!("{} is no URL", global.url))?;
        let is_local = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match base.scheme() {
            "https" => {}
            "http" if is_local => {}
            _ => bail!(
                "{base}: the token travels with every request, so the URL has to begin with https:"
            ),
        }
        if !base.username().is_empty() || base.query().is_some() {
            bail!("the URL has credentials or a query in it: the token comes from CONSOLE_TOKEN");
        }
        let mut headers = vec![("authorization", format!("Bearer {}", token(global)?))];
        for (name, variable) in [
            ("cf-access-client-id", "CF_ACCESS_CLIENT_ID"),
            ("cf-access-client-secret", "CF_ACCESS_CLIENT_SECRET"),
        ] {
            if let Ok(value) = std::env::var(variable) {
                headers.push((name, value));
            }
        }
        for (name, value) in &headers {
            if !value
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
            {
                bail!(
                    "what is sent as {name} has a character that no header may have: see CONSOLE_TOKEN and CF_ACCESS_CLIENT_*"
                );
            }
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("threescale-edge-cli/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            base,
            agent: config.into(),
            headers,
        })
    }

    /// The address, for people.
    pub(crate) fn address(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// What accompanies every request.
    pub(crate) fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The URL of a path with its query.
    pub(crate) fn url(&self, path: &str, query: &[(&str, String)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The answer to a GET of `/api/v1{path}`.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, Failure> {
        let text = self.text("GET", &format!("/api/v1{path}"), query, None)?;
        parsed(&text)
    }

    /// The answer to a POST.
    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Failure> {
        let text = self.text("POST", &format!("/api/v1{path}"), &[], Some(body))?;
        parsed(&text)
    }

    /// The answer to a DELETE.
    pub(crate) fn delete(&self, path: &str) -> Result<Value, Failure> {
        let text = self.text("DELETE", &format!("/api/v1{path}"), &[], None)?;
        parsed(&text)
    }

    /// `GET /healthz`: its answer has a body whatever the status.
    pub(crate) fn health(&self) -> Result<Value, Failure> {
        let answer = self.send("GET", "/healthz", &[], None)?;
        let status = answer.status().as_u16();
        let text = body(answer)?;
        match (status, parsed::<Value>(&text)) {
            (200 | 503, Ok(health)) if health.get("mistakes").is_some() => Ok(health),
            _ => Err(refusal(status, &text, None)),
        }
    }

    fn text(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, String)],
        json: Option<&Value>,
    ) -> Result<String, Failure> {
        let answer = self.send(method, path, query, json)?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let text = body(answer)?;
        match status {
            200..=299 => Ok(text),
            _ => Err(refusal(status, &text, retry_after)),
        }
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, String)],
        json: Option<&Value>,
    ) -> Result<Response<Body>, Failure> {
        let url = self.url(path, query);
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(url.as_str());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let sent = match json {
            Some(json) => request
                .header("content-type", "application/json")
                .body(json.to_string())
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
            None => request
                .body(())
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
        };
        sent.map_err(|error| Failure::Later(error.to_string(), None))
    }
}

/// The token, which is never printed.
fn token(global: &Global) -> anyhow::Result<String> {
    let token = match &global.token_file {
        Some(file) if file.as_os_str() == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        Some(file) => fs::read_to_string(file)
            .with_context(|| format!("cannot read the token in {}", file.display()))?,
        None => std::env::var("CONSOLE_TOKEN").unwrap_or_default(),
    };
    let token = token.trim().to_owned();
    if token.is_empty() {
        bail!(
            "no token: set CONSOLE_TOKEN to one of the Worker's console tokens, or name a file with --token-file. \
             `make dev` has local-console-token."
        );
    }
    Ok(token)
}

fn body(answer: Response<Body>) -> Result<String, Failure> {
    let bytes = answer
        .into_body()
        .into_with_config()
        .limit(LARGEST_ANSWER)
        .read_to_vec();
    let bytes = bytes.map_err(|error| Failure::Later(error.to_string(), None))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::Refused(format!(
            "the answer is none of this API: {error}. Is the URL a threescale-edge Worker's, and of this version?"
        ))
    })
}

/// What an answer other than 2xx means, and what to do.
pub(crate) fn refusal(status: u16, text: &str, retry_after: Option<u64>) -> Failure {
    let problem: Option<Document> = serde_json::from_str(text).ok();
    let code = problem.as_ref().map_or("", |problem| &problem.code);
    let detail = problem
        .as_ref()
        .map_or_else(String::new, |problem| format!(": {}", problem.detail));
    let advice = match (status, code) {
        (401, _) => " Set CONSOLE_TOKEN to one of the Worker's console tokens.",
        (403, "") => {
            " Something before the Worker refuses, such as Cloudflare Access: set CF_ACCESS_CLIENT_ID and \
             CF_ACCESS_CLIENT_SECRET to those of a service token."
        }
        (300..=399, _) => {
            " The Worker redirects nothing: behind Cloudflare Access, set CF_ACCESS_CLIENT_ID and \
             CF_ACCESS_CLIENT_SECRET to those of a service token; else correct the URL."
        }
        (404, "") => " Is the URL a threescale-edge Worker's?",
        (404, _) if detail.contains("Nothing") || detail.len() < 40 => {
            " The API is there only while the Worker's secret CONSOLE_TOKEN is set."
        }
        _ => "",
    };
    let why = format!("answered {status}{detail}{advice}");
    match status {
        408 | 429 | 500..=599 => Failure::Later(why, retry_after),
        _ => Failure::Refused(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_help_to_repeat_says_what_to_do() {
        let refused = |status: u16, text: &str| match refusal(status, text, None) {
            Failure::Refused(why) => why,
            Failure::Later(why, _) => panic!("{why}"),
        };
        assert!(refused(401, "").contains("CONSOLE_TOKEN"));
        assert!(refused(302, "").contains("CF_ACCESS_CLIENT_ID"));
        assert!(refused(403, "<html>").contains("CF_ACCESS_CLIENT_ID"));
        assert!(refused(404, "<html>").contains("threescale-edge Worker"));
        let later = |status| matches!(refusal(status, "", Some(60)), Failure::Later(_, Some(60)));
        assert!(later(429) && later(503) && later(502));
    }
}
