//! Errors of HTTP requests, for the caller: RFC 9457 problem documents.

use std::fmt;

use serde::Serialize;

use crate::admin_api::error::AdminApiError;

/// The reason why a request does not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Plain HTTP.
    InsecureTransport,
    /// No source of this name, no secret, or a wrong one: the response does not say which.
    Unauthorized,
    /// No token for the API, or a wrong one.
    NoToken,
    /// A token that is for reading only, and a request that would change something.
    ReadOnlyToken,
    /// Nothing is here.
    NotFound,
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
    /// The body is longer than `MAX_BODY_BYTES`.
    PayloadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body is neither XML nor the legacy form.
    UnsupportedMediaType,
    /// The body is shorter than announced.
    IncompleteBody,
    /// The body is not a well-formed notification.
    Unreadable(threescale::Error),
    /// 3scale's admin API failed or refused.
    AdminApi(AdminApiError),
    /// The configuration is missing or wrong.
    Misconfigured,
    /// The inbox could not commit.
    Unavailable,
}

/// A problem as it is sent (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// A URN that ends with the code.
    pub r#type: String,
    /// HTTP's phrase for the status.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// An explanation of the problem and a remedy.
    pub detail: String,
    /// The stable code.
    pub code: &'static str,
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
            Self::IncompleteBody | Self::InvalidParameter { .. } => 400,
            Self::Unauthorized | Self::NoToken => 401,
            Self::InsecureTransport | Self::ReadOnlyToken => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::PayloadTooLarge { .. } => 413,
            Self::UnsupportedMediaType => 415,
            Self::Unreadable(_) => 422,
            Self::AdminApi(_) => 502,
            Self::Misconfigured | Self::Unavailable => 503,
        }
    }

    /// A stable code: for programs, and to look up in docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IncompleteBody => "incomplete_body",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::Unauthorized | Self::NoToken => "unauthorized",
            Self::InsecureTransport => "insecure_transport",
            Self::ReadOnlyToken => "read_only_token",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Unreadable(error) => error.code(),
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
            502 => "Bad Gateway",
            _ => "Service Unavailable",
        }
    }

    /// The document that is sent.
    #[must_use]
    pub fn document(&self) -> Document {
        let (line, column) = match self {
            Self::Unreadable(error) => (Some(error.line()), Some(error.column())),
            _ => (None, None),
        };
        Document {
            r#type: format!("urn:threescale-edge:problem:{}", self.code()),
            title: self.title(),
            status: self.status(),
            detail: self.to_string(),
            code: self.code(),
            line,
            column,
        }
    }

    /// The header that accompanies this problem, if any.
    #[must_use]
    pub fn header(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::MethodNotAllowed { allow } => Some(("allow", allow)),
            Self::NoToken => Some(("www-authenticate", "Bearer")),
            Self::Misconfigured | Self::Unavailable => Some(("retry-after", RETRY_AFTER_SECONDS)),
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
            Self::Unauthorized => f.write_str(
                "There is no source of this name, or its secret is missing or wrong. The URL is \
                 https://<this worker>/hooks/<source>?<parameter>=<secret>.",
            ),
            Self::ReadOnlyToken => f.write_str(
                "This token is for reading only: CONSOLE_TOKEN has it as <name>:read:<secret>.",
            ),
            Self::NoToken => f.write_str("Send the CONSOLE_TOKEN: Authorization: Bearer <token>."),
            Self::NotFound => f.write_str(
                "3scale's webhooks are taken at /hooks/<source>. The API at /api/v1 is there once the secret \
                 CONSOLE_TOKEN is set.",
            ),
            Self::InvalidParameter { name, right } => write!(f, "`{name}` {right}."),
            Self::MethodNotAllowed { allow } => write!(f, "Allowed methods: {allow}."),
            Self::PayloadTooLarge { limit } => {
                write!(f, "The body is longer than {limit} bytes, the limit that MAX_BODY_BYTES sets.")
            }
            Self::UnsupportedMediaType => f.write_str(
                "The Content-Type must be application/xml or text/xml in UTF-8, or \
                 application/x-www-form-urlencoded with the field params[xml].",
            ),
            Self::IncompleteBody => f.write_str("The body ended before the length that Content-Length announced."),
            Self::Unreadable(error) => write!(f, "{error}. A copy is in the quarantine."),
            Self::AdminApi(error) => f.write_str(&error.detail),
            Self::Misconfigured => f.write_str("GET /healthz names each mistake."),
            Self::Unavailable => f.write_str("Nothing was lost if you send it again."),
        }
    }
}
