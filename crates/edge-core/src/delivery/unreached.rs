//! Attempts that reached no origin: what kind of failure the runtime's error tells of, or an answer
//! that is Cloudflare's own and not the origin's.
//!
//! Two worlds, since they say it differently:
//!
//! - workerd alone throws, and its words tell little. Measured in `tests/e2e/unreachable.rs`: a closed
//!   port, a reset and an answer that is no HTTP are all "Network connection lost."; an unknown host
//!   and a failed TLS handshake are both "internal error; reference = …". Only a time-out has a name.
//! - On Cloudflare's network the edge makes the connection, and where it fails answers in the
//!   origin's place, with a status and a code that say why. That is documented
//!   (developers.cloudflare.com: `support/troubleshooting/http-status-codes`, with Cloudflare's 5xx
//!   and 1xxx errors and its error headers; `workers/observability/errors`, with 1021, 1024, 1042;
//!   `workers/platform/known-issues`, of calls to IP addresses), and has not been measured by us.

use std::fmt;

/// The kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The host's name was not found.
    Dns,
    /// Nobody took the connection.
    Connect,
    /// No secure connection came about.
    Tls,
    /// It took too long.
    Timeout,
    /// The connection ended without an answer that is HTTP.
    Reset,
    /// It is not called: by us or by Cloudflare.
    Refused,
    /// One of the above: it is not known which.
    Network,
}

impl Kind {
    /// One word, stable: for the log and the record.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Refused => "refused",
            Self::Network => "network",
        }
    }
}

/// No origin has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    /// The kind of failure, as precisely as it can be told.
    pub kind: Kind,
    /// The status, where Cloudflare answered in the origin's place.
    pub status: Option<u16>,
    /// For people.
    pub words: String,
}

impl Unreached {
    /// Of an error that `fetch` threw, by its name and its words.
    #[must_use]
    pub fn by_error(name: Option<&str>, words: &str) -> Self {
        let (kind, hint) = if matches!(name, Some("TimeoutError" | "AbortError")) {
            (Kind::Timeout, "took too long")
        } else if words.contains("Network connection lost") {
            (
                Kind::Network,
                "nobody took the connection, or it broke off: the runtime does not say which",
            )
        } else if words.contains("internal error") {
            (
                Kind::Network,
                "perhaps the host's name was not found, or TLS failed: the runtime does not say",
            )
        } else {
            (Kind::Network, "no answer")
        };
        let words = match kind {
            Kind::Timeout => hint.to_owned(),
            _ => format!("{hint} ({words})"),
        };
        Self {
            kind,
            status: None,
            words,
        }
    }

    /// Of an answer, if it is Cloudflare's own: by its status, its header `cf-error-type`, and its
    /// body, which is `error code: 1016` or a page. What is not among these is the origin's answer,
    /// or as good as one. 527 (Railgun) is no longer documented.
    #[must_use]
    pub fn by_answer(status: u16, error_type: Option<&str>, body: &str) -> Option<Self> {
        let code = error_type
            .or_else(|| body.trim().strip_prefix("error code: "))
            .and_then(|code| code.trim().parse::<u16>().ok());
        let (kind, why) = match (code, status) {
            (Some(1000 | 1002 | 1024 | 1034), _) => (
                Kind::Refused,
                "its name leads to an address that Cloudflare does not call: a private one, or its own",
            ),
            (Some(1003), _) => (
                Kind::Refused,
                "Cloudflare does not call an IP address: give the host a name",
            ),
            (Some(1021), _) => (
                Kind::Refused,
                "Cloudflare does not let Workers call this host",
            ),
            (Some(1042), _) => (
                Kind::Refused,
                "a Worker cannot call another one of the same zone by its URL: use `service`",
            ),
            (Some(1001 | 1016), _) => (Kind::Dns, "its host's name was not found"),
            (Some(1033), _) => (Kind::Connect, "its Cloudflare Tunnel is not connected"),
            (_, 520) => (
                Kind::Reset,
                "it closed the connection, or its answer was no HTTP",
            ),
            (_, 521) => (Kind::Connect, "it refused the connection"),
            (_, 522) => (Kind::Connect, "it did not take the connection in time"),
            (_, 523) => (Kind::Connect, "there is no way to its address"),
            (_, 524) => (
                Kind::Timeout,
                "it took the request and did not answer in time",
            ),
            (_, 525) => (Kind::Tls, "the TLS handshake failed"),
            (_, 526) => (Kind::Tls, "its certificate is not valid"),
            _ => return None,
        };
        let code = code.map_or_else(String::new, |code| format!(", error {code}"));
        Some(Self {
            kind,
            status: Some(status),
            words: format!("{why} (Cloudflare answered {status}{code})"),
        })
    }

    /// A target that we do not call.
    #[must_use]
    pub fn refused(why: &impl fmt::Display) -> Self {
        Self {
            kind: Kind::Refused,
            status: None,
            words: format!("not sent: the target {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, error_type: Option<&str>, body: &str) -> Option<&'static str> {
        Unreached::by_answer(status, error_type, body).map(|unreached| {
            assert_eq!(unreached.status, Some(status));
            assert!(unreached.words.contains(&status.to_string()));
            unreached.kind.code()
        })
    }

    #[test]
    fn an_answer_of_cloudflares_own_says_which_kind_it_was() {
        for (status, body, code) in [
            (530, "error code: 1016", "dns"),
            (530, "error code: 1001\n", "dns"),
            (530, "error code: 1033", "connect"),
            (403, "error code: 1003", "refused"),
            (403, "error code: 1002", "refused"),
            (409, "error code: 1000", "refused"),
            (403, "error code: 1021", "refused"),
            (404, "error code: 1042", "refused"),
            (520, "", "reset"),
            (521, "error code: 521", "connect"),
            (522, "error code: 522", "connect"),
            (523, "<html>", "connect"),
            (524, "", "timeout"),
            (525, "", "tls"),
            (526, "", "tls"),
        ] {
            assert_eq!(answered(status, None, body), Some(code), "{status} {body}");
        }
        assert_eq!(answered(530, Some("1016"), "<html>"), Some("dns"));
    }

    #[test]
    fn what_an_origin_answers_is_left_as_it_is() {
        for (status, body) in [
            (500, "the error code: 1016"),
            (403, "error code: 1020"),
            (404, "error code: none"),
            (503, ""),
            (527, ""),
            (530, "error code: 9999"),
            (530, ""),
        ] {
            assert_eq!(answered(status, None, body), None, "{status} {body}");
        }
    }

    /// The words are those of workerd 1.20261117.1, as `worker` prints them.
    #[test]
    fn an_error_of_the_runtimes_tells_a_time_out_and_hints_at_the_rest() {
        let timeout = Unreached::by_error(
            Some("TimeoutError"),
            "TimeoutError: The operation was aborted due to timeout",
        );
        assert_eq!(
            (timeout.kind, timeout.words.as_str()),
            (Kind::Timeout, "took too long")
        );
        for words in [
            "Error: Network connection lost.",
            "Error: internal error; reference = 0sq0e2klqhhl0a951efm8n1b",
            "Error: something new",
        ] {
            let unreached = Unreached::by_error(Some("Error"), words);
            assert_eq!(unreached.kind, Kind::Network);
            assert!(unreached.words.contains(words), "{}", unreached.words);
        }
    }
}
