//! The admin API of a 3scale tenant: the list of failed deliveries, and the settings of the webhook.
//!
//! The token goes in a header, never in a URL; no redirect is followed, since it would carry the token
//! to another host.

use std::time::Duration;

use edge_core::{
    admin_api::error::{AdminApiError, Code, refusal},
    config::{Config, Source},
    secret::Secret,
    target,
};
use futures_util::StreamExt as _;
use threescale::Timestamp;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{AbortController, ByteStream, Env, Fetch, Response};

use crate::{
    http::request::{self, within},
    platform::{now_ms, parse_url},
};

/// How long 3scale may take to begin its response, and between one chunk of it and the next.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The most that is read of a response that should be short.
const SHORT: usize = 16_384;
const USER_AGENT: &str = concat!("threescale-edge/", env!("CARGO_PKG_VERSION"));

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn btoa(text: &str) -> Result<String, JsValue>;
}

/// A request to the admin API. 3scale's `DELETE` without a time, which drops the whole list, cannot be expressed.
#[derive(Debug, Clone, Copy)]
pub enum Call<'a> {
    /// The list of failed deliveries.
    ListFailures,
    /// Drops the list's entries up to the first one that is later than this.
    DeleteFailures {
        /// 3scale keeps whole seconds, and drops those of this second too.
        up_to: Timestamp,
    },
    /// Sets the webhook.
    PutWebhook {
        /// The settings, as JSON.
        settings: &'a [u8],
    },
}

impl Call<'_> {
    fn method(&self) -> &'static str {
        match self {
            Self::ListFailures => "GET",
            Self::DeleteFailures { .. } => "DELETE",
            Self::PutWebhook { .. } => "PUT",
        }
    }

    fn path(&self) -> String {
        const FAILURES: &str = "/admin/api/webhooks/failures.xml";
        match self {
            Self::ListFailures => FAILURES.to_owned(),
            Self::DeleteFailures { up_to } => format!("{FAILURES}?time={}", up_to.to_rfc3339()),
            Self::PutWebhook { .. } => "/admin/api/webhooks.json".to_owned(),
        }
    }
}

/// A tenant's admin API.
#[derive(Debug)]
pub struct AdminApi<'c> {
    env: &'c Env,
    url: &'c str,
    /// The binding that leads there, if it is in a private network.
    vpc: Option<&'c str>,
    token: &'c Secret,
    allow_local: bool,
}

impl<'c> AdminApi<'c> {
    /// `None` if the source has no `admin_url` or no access token.
    #[must_use]
    pub fn of(env: &'c Env, config: &Config, source: &'c Source) -> Option<Self> {
        let (url, token) = source.admin()?;
        Some(Self {
            env,
            url,
            vpc: source.vpc.as_deref(),
            token,
            allow_local: config.allow_local || source.vpc.is_some(),
        })
    }

    /// Sends the call, and returns once the response's headers have arrived.
    ///
    /// # Errors
    ///
    /// No response came.
    pub async fn send(&self, call: Call<'_>) -> Result<Reply, AdminApiError> {
        target::check(parse_url, self.url, self.allow_local).map_err(|refused| {
            AdminApiError::new(Code::NotCalled, format!("admin_url {refused}"))
        })?;
        let abort = AbortController::default();
        let answer = async {
            let authorization = format!("Basic {}", btoa(&format!(":{}", self.token.reveal()))?);
            let mut headers = vec![
                ("authorization", authorization.as_str()),
                ("accept", "application/xml, application/json"),
                ("user-agent", USER_AGENT),
            ];
            let mut body = None;
            if let Call::PutWebhook { settings } = call {
                headers.push(("content-type", "application/json"));
                body = Some(settings);
            }
            let url = format!("{}{}", self.url, call.path());
            if let Some(binding) = self.vpc {
                let signal = abort.signal();
                let request = request::request(call.method(), &url, headers, body, Some(&signal))?;
                return self.env.service(binding)?.fetch_request(request).await;
            }
            let request = request::request(call.method(), &url, headers, body, None)?;
            Fetch::Request(request)
                .send_with_signal(&abort.signal())
                .await
        };
        match within(TIMEOUT, answer).await {
            Some(Ok(response)) => Ok(Reply::new(response, abort)),
            Some(Err(error)) => Err(AdminApiError::network(&error.to_string())),
            None => {
                abort.abort();
                Err(AdminApiError::timeout())
            }
        }
    }
}

/// A response whose headers have arrived.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    response: Response,
    body: Option<ByteStream>,
    abort: AbortController,
}

impl Reply {
    fn new(mut response: Response, abort: AbortController) -> Self {
        Self {
            status: response.status_code(),
            // A response without a body has no stream.
            body: response.stream().ok(),
            response,
            abort,
        }
    }

    /// A header's value; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        self.response
            .headers()
            .get(name)
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    /// The next chunk of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// The connection broke, or nothing arrived for too long.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, AdminApiError> {
        let Some(body) = &mut self.body else {
            return Ok(None);
        };
        match within(TIMEOUT, body.next()).await {
            Some(Some(Ok(piece))) => Ok(Some(piece)),
            Some(Some(Err(error))) => Err(AdminApiError::network(&error.to_string())),
            Some(None) => Ok(None),
            None => Err(AdminApiError::timeout()),
        }
    }

    /// The whole of a short body, or the beginning of a longer one.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn short_body(&mut self) -> Result<Vec<u8>, AdminApiError> {
        let whole = async {
            let mut body = Vec::new();
            while body.len() < SHORT
                && let Some(piece) = self.next().await?
            {
                body.extend_from_slice(&piece);
            }
            body.truncate(SHORT);
            Ok(body)
        };
        within(TIMEOUT, whole)
            .await
            .unwrap_or_else(|| Err(AdminApiError::timeout()))
    }

    /// The error that this refusal stands for.
    pub async fn refusal(&mut self) -> AdminApiError {
        // A refusal whose body cannot be read is still a refusal with this status.
        let body = self.short_body().await.unwrap_or_default();
        refusal(
            parse_url,
            self.status,
            &self.header("location"),
            &self.header("retry-after"),
            &body,
            now_ms(),
        )
    }

    /// Closes the connection; the rest of the body is not needed.
    pub fn end(self) {
        drop(self.body);
        self.abort.abort();
    }
}
