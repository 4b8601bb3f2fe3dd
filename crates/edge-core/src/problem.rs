//! Errors of HTTP requests, for the caller: RFC 9457 problem documents.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::{admin_api::error::AdminApiError, tail::MOST_LISTENERS};

/// The reason why a request does not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Plain HTTP.
    InsecureTransport,
    /// No source of this name, no secret, or a wrong one: the response does not say which, the log does.
    Unauthorized(Unauthorized),
    /// No token for the API, or a wrong one.
    NoToken,
    /// A token that is for reading only, and a request that would change something.
    ReadOnlyToken,
    /// A page of another site made an operator's browser send this.
    CrossSite,
    /// A form of the console is not of this session.
    StaleForm,
    /// Too many wrong tokens came from where this one does.
    TooManyGuesses,
    /// The `Host` header makes no URL.
    InvalidHost,
    /// Nothing is here.
    NotFound,
    /// The API knows no such path or thing: what, and the choices there are.
    Unknown(String),
    /// The path exists, but not with this method.
    MethodNotAllowed {
        /// The allowed methods.
        allow: &'static str,
    },
    /// A parameter of the API, or a member of its body, is unknown or has an invalid value.
    InvalidParameter {
        /// Its name.
        name: String,
        /// The values that would be right, as the rest of a sentence about it.
        right: String,
    },
    /// The live tail is a WebSocket, and the request does not ask for one.
    UpgradeRequired,
    /// As many listen to an inbox as may.
    TooManyListeners,
    /// The body is longer than `MAX_BODY_BYTES`.
    PayloadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body is neither XML nor the legacy form.
    UnsupportedMediaType,
    /// The request has no `Content-Type`.
    MissingMediaType,
    /// The body is compressed.
    UnsupportedEncoding,
    /// The body is shorter than announced.
    IncompleteBody,
    /// The body is not a well-formed notification.
    Unreadable {
        /// Why.
        error: threescale::Error,
        /// `true` if a copy is in the quarantine.
        is_kept: bool,
    },
    /// 3scale's admin API failed or refused.
    AdminApi(AdminApiError),
    /// The configuration is missing or wrong.
    Misconfigured,
    /// The inbox could not commit.
    Unavailable,
}

/// The reason why a hook admits nobody. It is for the operator's log alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthorized {
    /// There is no source of this name.
    UnknownSource,
    /// The URL has no secret, or has it under another name.
    NoSecret,
    /// The secret is not the source's.
    WrongSecret,
}

/// A problem as it is sent (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// A URN that ends with the code.
    pub r#type: String,
    /// HTTP's phrase for the status.
    pub title: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// An explanation of the problem and a remedy.
    pub detail: String,
    /// The stable code.
    pub code: Cow<'static, str>,
    /// The line in the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

/// When 3scale retries anyway (`retry_in` of its `app/workers/web_hook_worker.rb`).
const RETRY_AFTER_SECONDS: &str = "60";

impl Problem {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::IncompleteBody | Self::InvalidParameter { .. } | Self::InvalidHost => 400,
            Self::Unauthorized(_) | Self::NoToken => 401,
            Self::InsecureTransport | Self::ReadOnlyToken | Self::CrossSite | Self::StaleForm => {
                403
            }
            Self::NotFound | Self::Unknown(_) => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::PayloadTooLarge { .. } => 413,
            Self::UnsupportedMediaType | Self::MissingMediaType | Self::UnsupportedEncoding => 415,
            Self::Unreadable { .. } => 422,
            Self::UpgradeRequired => 426,
            Self::TooManyGuesses | Self::TooManyListeners => 429,
            Self::AdminApi(_) => 502,
            Self::Misconfigured | Self::Unavailable => 503,
        }
    }

    /// A stable code: for programs, and to look up in docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IncompleteBody => "incomplete_body",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::Unauthorized(_) | Self::NoToken => "unauthorized",
            Self::TooManyGuesses => "too_many_guesses",
            Self::UpgradeRequired => "upgrade_required",
            Self::TooManyListeners => "too_many_listeners",
            Self::InvalidHost => "invalid_host",
            Self::InsecureTransport => "insecure_transport",
            Self::ReadOnlyToken => "read_only_token",
            Self::CrossSite => "cross_site",
            Self::StaleForm => "stale_form",
            Self::NotFound | Self::Unknown(_) => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::UnsupportedMediaType | Self::MissingMediaType => "unsupported_media_type",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::Unreadable { error, .. } => error.code(),
            Self::AdminApi(error) => error.code.as_str(),
            Self::Misconfigured => "misconfigured",
            Self::Unavailable => "unavailable",
        }
    }

    /// HTTP's phrase for the status.
    fn title(&self) -> &'static str {
        match self.status() {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            413 => "Content Too Large",
            415 => "Unsupported Media Type",
            422 => "Unprocessable Content",
            426 => "Upgrade Required",
            429 => "Too Many Requests",
            502 => "Bad Gateway",
            _ => "Service Unavailable",
        }
    }

    /// The document that is sent.
    #[must_use]
    pub fn document(&self) -> Document {
        let (line, column) = match self {
            Self::Unreadable { error, .. } => (Some(error.line()), Some(error.column())),
            _ => (None, None),
        };
        Document {
            r#type: format!("urn:threescale-edge:problem:{}", self.code()),
            title: self.title().into(),
            status: self.status(),
            detail: self.to_string(),
            code: self.code().into(),
            line,
            column,
        }
    }

    /// The explanation for the operator's log, which may say more than the response.
    #[must_use]
    pub fn for_log(&self) -> String {
        let reason = match self {
            Self::Unauthorized(Unauthorized::UnknownSource) => "There is no source of this name.",
            Self::Unauthorized(Unauthorized::NoSecret) => {
                "The URL has no secret in the source's parameter, secret_param."
            }
            Self::Unauthorized(Unauthorized::WrongSecret) => {
                "The secret is none of SOURCE_<NAME>_SECRET's values."
            }
            other => return other.to_string(),
        };
        reason.to_owned()
    }

    /// The header that accompanies this problem, if any.
    #[must_use]
    pub fn header(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::MethodNotAllowed { allow } => Some(("allow", allow)),
            Self::NoToken => Some(("www-authenticate", "Bearer")),
            // RFC 6750 has the token in a query, too (§2.3).
            Self::Unauthorized(_) => Some(("www-authenticate", "Bearer realm=\"hooks\"")),
            Self::UnsupportedEncoding => Some(("accept-encoding", "identity")),
            Self::Misconfigured
            | Self::Unavailable
            | Self::TooManyGuesses
            | Self::TooManyListeners => Some(("retry-after", RETRY_AFTER_SECONDS)),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsecureTransport => f.write_str(
                "The secret has travelled in clear: call this address with https, and change the secret, \
                 since anyone on the way may have read it.",
            ),
            Self::TooManyGuesses => f.write_str(
                "Too many wrong tokens came from this address. After a minute without one, a token counts again.",
            ),
            Self::UpgradeRequired => f.write_str(
                "The live tail is a WebSocket: connect with a WebSocket client, which sends Upgrade: websocket. \
                 `threescale-edge listen` is one.",
            ),
            Self::TooManyListeners => write!(
                f,
                "{MOST_LISTENERS} clients listen to an inbox already, which is the limit. End some, or wait a minute: \
                 those that have gone are noticed at the next event.",
            ),
            Self::InvalidHost => f.write_str(
                "The Host header must be there once, and be a host name with an optional port.",
            ),
            Self::Unauthorized(_) => f.write_str(
                "There is no source of this name, or its secret is missing or wrong. The URL is \
                 https://<this worker>/hooks/<source>?<parameter>=<secret>.",
            ),
            Self::ReadOnlyToken => f.write_str(
                "This token is for reading only: CONSOLE_TOKEN has it as <name>:read:<secret>.",
            ),
            Self::CrossSite => f.write_str(
                "The header Origin names another site than this one: what is signed in here takes calls of its own \
                 pages only. Programs send Authorization: Bearer <token>.",
            ),
            Self::StaleForm => f.write_str(
                "This page was made for another session, so nothing was done. Load it again, and do it there.",
            ),
            Self::NoToken => f.write_str("Send the CONSOLE_TOKEN: Authorization: Bearer <token>."),
            Self::NotFound => f.write_str(
                "3scale's webhooks are taken at /hooks/<source>. The API at /api/v1 is there once the secret \
                 CONSOLE_TOKEN is set.",
            ),
            Self::Unknown(words) => f.write_str(words),
            Self::InvalidParameter { name, right } => write!(f, "`{name}` {right}."),
            Self::MethodNotAllowed { allow } => write!(f, "Allowed methods: {allow}."),
            Self::PayloadTooLarge { limit } => {
                write!(f, "The body is longer than {limit} bytes, the limit that MAX_BODY_BYTES sets.")
            }
            Self::UnsupportedMediaType => f.write_str(
                "The Content-Type must be application/xml or text/xml in UTF-8, or \
                 application/x-www-form-urlencoded with the field params[xml].",
            ),
            Self::MissingMediaType => f.write_str(
                "The request has no Content-Type: it must be application/xml or text/xml in UTF-8, or \
                 application/x-www-form-urlencoded with the field params[xml].",
            ),
            Self::UnsupportedEncoding => f.write_str(
                "The body has a Content-Encoding. Send it without one: 3scale does not compress.",
            ),
            Self::IncompleteBody => f.write_str("The body ended before the length that Content-Length announced."),
            Self::Unreadable { error, is_kept: true } => write!(f, "{error}. A copy is in the quarantine."),
            Self::Unreadable { error, is_kept: false } => {
                write!(f, "{error}. The quarantine has no place for it: 3scale's list of failures will have it.")
            }
            Self::AdminApi(error) => f.write_str(&error.detail),
            Self::Misconfigured => f.write_str("GET /healthz with the CONSOLE_TOKEN names each mistake, and so does the log."),
            Self::Unavailable => f.write_str("Nothing was lost if you send it again."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hooks_refusal_tells_the_log_which_it_was_and_the_caller_nothing() {
        let refused = [
            (Unauthorized::UnknownSource, "no source of this name"),
            (Unauthorized::NoSecret, "secret_param"),
            (Unauthorized::WrongSecret, "SOURCE_<NAME>_SECRET"),
        ];
        let same = Problem::Unauthorized(Unauthorized::WrongSecret).document();
        for (reason, words) in refused {
            let problem = Problem::Unauthorized(reason);
            assert!(problem.for_log().contains(words), "{}", problem.for_log());
            assert_eq!(problem.document(), same);
        }
        let other = Problem::IncompleteBody;
        assert_eq!(other.for_log(), other.to_string());
    }

    #[test]
    fn a_401_names_its_scheme() {
        for problem in [
            Problem::NoToken,
            Problem::Unauthorized(Unauthorized::NoSecret),
        ] {
            let (name, scheme) = problem.header().unwrap();
            assert_eq!(name, "www-authenticate");
            assert!(scheme.starts_with("Bearer"), "{scheme}");
        }
    }
}
