//! Who may call a hook: decided from everything but the body.

use crate::{
    config::{Config, Source},
    location::Location,
    problem::Problem,
    secret::{Admitted, Presented},
};

/// Who calls a hook, once they may come in.
#[derive(Debug)]
pub struct Caller<'c> {
    /// The configuration.
    pub config: &'c Config,
    /// The source that the secret belongs to.
    pub source: &'c Source,
    /// Whether they presented a value of the secret that is not the current one.
    pub old_secret: bool,
}

/// Admits a caller, or says why not. Without a sound configuration nobody is admitted.
///
/// # Errors
///
/// The transport, the method, the configuration or the secret is wrong, looked at in this order.
pub fn admit<'c>(
    url: &Location,
    method: &str,
    config: Option<&'c Config>,
    source: &str,
) -> Result<Caller<'c>, Problem> {
    if url.scheme != "https" && !is_localhost(&url.host) {
        return Err(Problem::InsecureTransport);
    }
    if !matches!(method, "GET" | "POST") {
        return Err(Problem::MethodNotAllowed { allow: "GET, POST" });
    }
    let config = config.ok_or(Problem::Misconfigured)?;
    authorize(config, source, &url.query).ok_or(Problem::Unauthorized)
}

/// Admits an operator by the `Authorization` header.
///
/// # Errors
///
/// No `CONSOLE_TOKEN` is set, so that there is no API, or the token is missing or wrong.
pub fn is_admitted(config: &Config, authorization: Option<&str>) -> Result<(), Problem> {
    if config.console_token.is_empty() {
        return Err(Problem::NotFound);
    }
    let presented = authorization.and_then(|header| header.strip_prefix("Bearer "));
    let presented = Presented::value(presented.unwrap_or_default());
    if bool::from(config.console_token.admit(&presented)) {
        Ok(())
    } else {
        Err(Problem::NoToken)
    }
}

/// The source that the secret in the query admits to. The work is the same for an unknown source,
/// a missing and a wrong secret: each is compared with every secret of every source.
fn authorize<'c>(config: &'c Config, source: &str, query: &str) -> Option<Caller<'c>> {
    let admitted = |source: &Source| {
        source
            .secrets
            .admitted(&Presented::in_query(query, &source.secret_param))
    };
    let mut caller = None;
    for candidate in &config.sources {
        let Admitted { by_any, by_current } = admitted(candidate);
        if bool::from(by_any) & (candidate.name.as_str() == source) {
            caller = Some(Caller {
                config,
                source: candidate,
                old_secret: !bool::from(by_current),
            });
        }
    }
    caller
}

/// Only what cannot leave the machine: any other plain http has carried the secret in clear.
fn is_localhost(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secrets;

    fn config() -> Config {
        let source = |name: &str, secrets: &str, param: &str| Source {
            name: name.parse().unwrap(),
            secret_param: param.to_owned(),
            secrets: Secrets::from_text(secrets),
            admin_url: None,
            access_token: None,
            shards: 1,
            silent_after_ms: None,
            path: String::new(),
        };
        Config {
            sources: vec![
                source("acme", "new old", "token"),
                source("other", "theirs", "key"),
            ],
            destinations: Vec::new(),
            dedup_window_ms: 0,
            retention_ms: 0,
            max_body_bytes: 0,
            alerts: Vec::new(),
            alert_pause_ms: 0,
            overdue_after_ms: 0,
            console_token: Secrets::default(),
            allow_local: false,
            time_factor: 1,
        }
    }

    #[test]
    fn a_source_is_admitted_by_its_own_secrets_in_its_own_parameter() {
        let config = config();
        let admitted = |source, query| {
            authorize(&config, source, query).map(|c| (c.source.name.as_str(), c.old_secret))
        };
        assert_eq!(admitted("acme", "token=new"), Some(("acme", false)));
        assert_eq!(
            admitted("acme", "token=old&ping=3scale"),
            Some(("acme", true))
        );
        assert_eq!(admitted("other", "key=theirs"), Some(("other", false)));
        for (source, query) in [
            ("acme", ""),
            ("acme", "token="),
            ("acme", "token=theirs"),
            ("acme", "key=new"),
            ("other", "token=theirs"),
            ("nobody", "token=new"),
            ("", "token=new"),
        ] {
            assert_eq!(admitted(source, query), None, "{source} {query}");
        }
    }

    #[test]
    fn an_operator_is_admitted_by_each_token_and_by_nothing_else() {
        let mut config = config();
        assert_eq!(
            is_admitted(&config, Some("Bearer x")),
            Err(Problem::NotFound)
        );
        config.console_token = Secrets::from_text("new old");
        for token in ["Bearer new", "Bearer old"] {
            assert_eq!(is_admitted(&config, Some(token)), Ok(()), "{token}");
        }
        for header in [
            None,
            Some(""),
            Some("new"),
            Some("Basic new"),
            Some("Bearer "),
            Some("Bearer newer"),
        ] {
            assert_eq!(
                is_admitted(&config, header),
                Err(Problem::NoToken),
                "{header:?}"
            );
        }
    }

    #[test]
    fn localhost_is_what_cannot_leave_the_machine() {
        for host in ["localhost", "127.0.0.1", "[::1]", "edge.localhost"] {
            assert!(is_localhost(host), "{host}");
        }
        for host in ["edge.example.com", "localhost.example.com", "10.0.0.1", ""] {
            assert!(!is_localhost(host), "{host}");
        }
    }
}
