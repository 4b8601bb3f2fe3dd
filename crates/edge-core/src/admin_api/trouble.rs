//! What the admin API's refusals mean, and what to do about each. 3scale says 403 for nearly all of
//! them; the body tells them apart.

use crate::{location::ParseUrl, time::retry_after};

/// Why the admin API did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// A word that stays as it is: docs/recovery.md lists them.
    pub code: &'static str,
    /// What is wrong and what to do, for people. It holds no secret.
    pub detail: String,
    /// How long 3scale asks us to wait, in milliseconds.
    pub retry_after_ms: Option<i64>,
}

impl Trouble {
    /// Trouble after which nobody asked us to wait.
    #[must_use]
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after_ms: None,
        }
    }

    /// Nothing came in time.
    #[must_use]
    pub fn timeout() -> Self {
        Self::new("timeout", "3scale said nothing for 30 seconds.")
    }

    /// The runtime could not reach 3scale, or the connection broke.
    #[must_use]
    pub fn network(error: &str) -> Self {
        Self::new("network", format!("3scale could not be reached: {error}"))
    }

    /// Something answered 200 that is not 3scale's admin API.
    #[must_use]
    pub fn not_a_list(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        // Whoever answered may write there what they like.
        let kind: String = kind.chars().take(60).collect();
        Self::new(
            "not_a_list",
            format!(
                "The answer ({}) is not 3scale's list of failed deliveries: admin_url must be the tenant's \
                 admin portal, and nothing in front of it may ask for a login.",
                if kind.is_empty() { "of no kind" } else { &kind }
            ),
        )
    }
}

/// What an answer of another status than 200 means. Of the body, the beginning is enough.
#[must_use]
pub fn refusal(
    parse_url: ParseUrl,
    status: u16,
    location: &str,
    retry_after: &str,
    body: &[u8],
    now_ms: i64,
) -> Trouble {
    let mut trouble = match status {
        300..=399 => redirected(parse_url, location),
        403 => forbidden(body),
        429 => Trouble::new("rate_limited", "3scale asks for fewer calls."),
        500.. => Trouble::new("unavailable", format!("3scale answered {status}.")),
        _ => Trouble::new(
            "refused",
            format!("3scale answered {status}: is admin_url the tenant's admin portal?"),
        ),
    };
    if matches!(status, 429 | 503) {
        trouble.retry_after_ms = retry_after::parse(retry_after, now_ms);
    }
    trouble
}

fn forbidden(body: &[u8]) -> Trouble {
    let says = |words: &str| {
        body.windows(words.len())
            .any(|window| window == words.as_bytes())
    };
    if says("Access denied") {
        Trouble::new(
            "access_denied",
            "3scale does not know the access token: SOURCE_<NAME>_ACCESS_TOKEN must be a token of the tenant \
             that admin_url names.",
        )
    } else if says("does not have the correct permissions") {
        Trouble::new(
            "scope_missing",
            "The token lacks the account_management scope: give it «Account Management API», with read and \
             write, in 3scale.",
        )
    } else if body.trim_ascii().is_empty() {
        Trouble::new(
            "not_allowed",
            "The token's owner may not manage webhooks (it takes an admin, or a member with that \
             permission), or the tenant is suspended.",
        )
    } else {
        Trouble::new(
            "refused",
            "Something answered 403 that is not 3scale: is there a firewall in front of admin_url?",
        )
    }
}

/// A query may carry a session, and a path a token.
fn redirected(parse_url: ParseUrl, location: &str) -> Trouble {
    let to = parse_url(location).map_or_else(
        || "to another page of the same host".to_owned(),
        |location| format!("to {}", location.host),
    );
    Trouble::new(
        "redirected",
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
        refusal(parse_url, status, "", "", body.as_bytes(), 0).code
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
    fn a_wait_is_followed_where_it_makes_sense() {
        let wait = |status| refusal(parse_url, status, "", "120", b"", 0).retry_after_ms;
        assert_eq!((wait(429), wait(503)), (Some(120_000), Some(120_000)));
        assert_eq!((wait(403), wait(302)), (None, None));
    }

    #[test]
    fn what_is_no_list_is_named_by_its_kind() {
        let detail = Trouble::not_a_list("text/html; charset=utf-8").detail;
        assert!(detail.contains("(text/html)"), "{detail}");
        assert!(Trouble::not_a_list("").detail.contains("(of no kind)"));
    }
}
