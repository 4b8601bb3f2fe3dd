//! Failures of the admin API: the meaning of each refusal, and the remedy. 3scale answers 403 for nearly all of
//! them; the body distinguishes them.

use serde::{Deserialize, Serialize};

use crate::{location::ParseUrl, time::retry_after};

/// The reason why a call to the admin API failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminApiError {
    /// The kind of failure.
    pub code: Code,
    /// An explanation and a remedy, for people. It holds no secret.
    pub detail: String,
    /// How long 3scale asks us to wait, in milliseconds.
    pub retry_after_ms: Option<i64>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $word:literal)*) => {
        /// A kind of failure. Its code is stable: docs/recovery.md lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $word)] $code,)*
        }

        impl Code {
            /// The code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $word,)* }
            }
        }
    };
}

codes! {
    /// 3scale does not know the access token.
    AccessDenied "access_denied"
    /// The list of failures is not well-formed.
    BrokenList "broken_list"
    /// Our own inbox could not store the entries.
    InboxUnavailable "inbox_unavailable"
    /// 3scale could not be reached, or the connection broke.
    Network "network"
    /// The server answered with something other than 3scale's list of failures.
    NotAList "not_a_list"
    /// The token's owner may not manage webhooks.
    NotAllowed "not_allowed"
    /// `admin_url` is a target that may not be called.
    NotCalled "not_called"
    /// The source has no `admin_url` or no access token.
    NotConfigured "not_configured"
    /// 3scale is limiting our rate.
    RateLimited "rate_limited"
    /// The response was a redirect.
    Redirected "redirected"
    /// Another refusal.
    Refused "refused"
    /// The token lacks a scope.
    ScopeMissing "scope_missing"
    /// 3scale rejects the webhook's settings.
    SettingsRefused "settings_refused"
    /// As much of the list was read as a step reads, and none of it could be taken in or deleted.
    Stuck "stuck"
    /// The response did not arrive in time.
    Timeout "timeout"
    /// 3scale answered with a 5xx.
    Unavailable "unavailable"
}

impl AdminApiError {
    /// A failure that asks for no wait.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after_ms: None,
        }
    }

    /// The response did not arrive in time.
    #[must_use]
    pub fn timeout() -> Self {
        Self::new(Code::Timeout, "3scale said nothing for 30 seconds.")
    }

    /// The runtime could not reach 3scale, or the connection broke.
    #[must_use]
    pub fn network(error: &str) -> Self {
        Self::new(
            Code::Network,
            format!("3scale could not be reached: {error}"),
        )
    }

    /// A response with status 200 that is not from 3scale's admin API.
    #[must_use]
    pub fn not_a_list(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        // The server may write anything there.
        let kind: String = kind.chars().take(60).collect();
        Self::new(
            Code::NotAList,
            format!(
                "The answer ({}) is not 3scale's list of failed deliveries: admin_url must be the tenant's \
                 admin portal, and nothing in front of it may ask for a login.",
                if kind.is_empty() {
                    "without a media type"
                } else {
                    &kind
                }
            ),
        )
    }
}

/// The meaning of a response with a status other than 200. The beginning of its body is enough.
#[must_use]
pub fn refusal(
    parse_url: ParseUrl,
    status: u16,
    location: &str,
    retry_after: &str,
    body: &[u8],
    now_ms: i64,
) -> AdminApiError {
    let mut error = match status {
        300..=399 => redirected(parse_url, location),
        403 => forbidden(body),
        429 => AdminApiError::new(Code::RateLimited, "3scale asks for fewer calls."),
        500.. => AdminApiError::new(Code::Unavailable, format!("3scale answered {status}.")),
        _ => AdminApiError::new(
            Code::Refused,
            format!("3scale answered {status}: is admin_url the tenant's admin portal?"),
        ),
    };
    if matches!(status, 429 | 503) {
        error.retry_after_ms = retry_after::parse(retry_after, now_ms);
    }
    error
}

fn forbidden(body: &[u8]) -> AdminApiError {
    let says = |words: &str| {
        body.windows(words.len())
            .any(|window| window == words.as_bytes())
    };
    if says("Access denied") {
        AdminApiError::new(
            Code::AccessDenied,
            "3scale does not know the access token: SOURCE_<NAME>_ACCESS_TOKEN must be a token of the tenant \
             that admin_url names.",
        )
    } else if says("does not have the correct permissions") {
        AdminApiError::new(
            Code::ScopeMissing,
            "The token lacks the account_management scope: give it \"Account Management API\", with read and \
             write, in 3scale.",
        )
    } else if body.trim_ascii().is_empty() {
        AdminApiError::new(
            Code::NotAllowed,
            "The token's owner may not manage webhooks (it takes an admin, or a member with that \
             permission), or the tenant is suspended.",
        )
    } else {
        AdminApiError::new(
            Code::Refused,
            "A server other than 3scale answered 403: is there a firewall in front of admin_url?",
        )
    }
}

/// A query may carry a session id, and a path a token.
fn redirected(parse_url: ParseUrl, location: &str) -> AdminApiError {
    let to = parse_url(location).map_or_else(
        || "to another page of the same host".to_owned(),
        |location| format!("to {}", location.host),
    );
    AdminApiError::new(
        Code::Redirected,
        format!(
            "3scale answered with a redirect {to}, which is not followed: admin_url must be the address that \
             answers itself."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::parse_url;

    fn code(status: u16, body: &str) -> &'static str {
        refusal(parse_url, status, "", "", body.as_bytes(), 0)
            .code
            .as_str()
    }

    #[test]
    fn each_refusal_has_a_state_of_its_own() {
        for (status, body, expected) in [
            (
                403,
                include_str!("../../../threescale/tests/samples/error_access_denied_403.xml"),
                "access_denied",
            ),
            (
                403,
                include_str!("../../../threescale/tests/samples/error_token_scope_403.xml"),
                "scope_missing",
            ),
            (403, r#"{"error":"Access denied"}"#, "access_denied"),
            (403, "", "not_allowed"),
            (403, " \n", "not_allowed"),
            (403, "<html>Attention Required!</html>", "refused"),
            (
                400,
                include_str!("../../../threescale/tests/samples/error_invalid_time_400.xml"),
                "refused",
            ),
            (401, "", "refused"),
            (404, "", "refused"),
            (302, "", "redirected"),
            (307, "", "redirected"),
            (429, "", "rate_limited"),
            (500, "", "unavailable"),
            (503, "", "unavailable"),
            (599, "", "unavailable"),
            (204, "", "refused"),
        ] {
            assert_eq!(code(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_redirect_says_to_which_host_and_no_more() {
        let to = |location| refusal(parse_url, 302, location, "", b"", 0).detail;
        let detail = to("https://sso.example.com/login/abc?session=s3cret");
        assert!(detail.contains("to sso.example.com,"), "{detail}");
        assert!(
            !detail.contains("abc") && !detail.contains("s3cret"),
            "{detail}"
        );
        assert!(to("/login?x=1").contains("the same host"));
        assert!(!to("https://u:pw@x.example/").contains("pw"));
    }

    #[test]
    fn retry_after_is_honoured_where_it_makes_sense() {
        let wait = |status| refusal(parse_url, status, "", "120", b"", 0).retry_after_ms;
        assert_eq!((wait(429), wait(503)), (Some(120_000), Some(120_000)));
        assert_eq!((wait(403), wait(302)), (None, None));
    }

    #[test]
    fn a_response_that_is_no_list_is_named_by_its_media_type() {
        let detail = AdminApiError::not_a_list("text/html; charset=utf-8").detail;
        assert!(detail.contains("(text/html)"), "{detail}");
        assert!(
            AdminApiError::not_a_list("")
                .detail
                .contains("(without a media type)")
        );
    }
}
