//! Admission to the hooks: decided from everything but the body.

use crate::{
    config::{Config, Source},
    location::Location,
    problem::{Problem, Unauthorized},
    secret::{Admitted, Presented, Secret, has_parameter},
    shard,
};

/// An admitted caller of a hook.
#[derive(Debug)]
pub struct Caller<'c> {
    /// The configuration.
    pub config: &'c Config,
    /// The source that the secret belongs to.
    pub source: &'c Source,
    /// `true` if the caller presented a value of the secret that is not the current one.
    pub old_secret: bool,
}

impl Caller<'_> {
    /// The inbox that is to hear of it if this is 3scale's Ping! button, which adds `ping=3scale` to our URL
    /// (`web_hook.rb`); others who look whether a hook works leave no trace.
    #[must_use]
    pub fn pinged(&self, query: &str) -> Option<String> {
        let is_ping = query.split('&').any(|pair| pair == "ping=3scale");
        is_ping.then(|| shard::name(&self.source.name, 0))
    }
}

/// Admits a caller, or returns the reason for a refusal. A source with a mistake in its configuration admits nobody.
///
/// # Errors
///
/// The transport, the method, the configuration or the secret is wrong, checked in this order.
pub fn admit<'c>(
    url: &Location,
    method: &str,
    config: &'c Config,
    source: &str,
) -> Result<Caller<'c>, Problem> {
    if url.scheme != "https" && !url.is_localhost() {
        return Err(Problem::InsecureTransport);
    }
    if !matches!(method, "GET" | "POST") {
        return Err(Problem::MethodNotAllowed { allow: "GET, POST" });
    }
    if config.is_closed(source) {
        return Err(Problem::Misconfigured);
    }
    let caller = authorize(config, source, &url.query)
        .ok_or_else(|| Problem::Unauthorized(reason(config, source, &url.query)))?;
    // A `.dev.vars` that was uploaded: everybody knows the secret, and events may go anywhere in clear.
    let is_example = caller.source.secrets.iter().any(Secret::is_example);
    if (is_example || config.allow_local) && !url.is_localhost() {
        return Err(Problem::Misconfigured);
    }
    Ok(caller)
}

/// Why nobody is admitted.
fn reason(config: &Config, source: &str, query: &str) -> Unauthorized {
    match config.source(source) {
        None => Unauthorized::UnknownSource,
        Some(source) if has_parameter(query, &source.secret_param) => Unauthorized::WrongSecret,
        Some(_) => Unauthorized::NoSecret,
    }
}

/// The source to which the secret in the query gives access. The work is the same for an unknown source, a missing
/// secret and a wrong one: each is compared with every secret of every source.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{location::parse_url, secret::Secrets};

    fn config() -> Config {
        let source = |name: &str, secrets: &str, param: &str| Source {
            secret_param: param.to_owned(),
            secrets: Secrets::from_text(secrets),
            ..Source::named(name)
        };
        Config {
            sources: vec![
                source("acme", "new old", "token"),
                source("other", "theirs", "key"),
            ],
            ..Config::default()
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
    fn the_first_inbox_hears_of_a_ping_and_of_no_other_look() {
        let config = config();
        let pinged = |query: &str| authorize(&config, "acme", query).unwrap().pinged(query);
        assert_eq!(pinged("token=new&ping=3scale").as_deref(), Some("acme"));
        assert_eq!(pinged("ping=3scale&token=new").as_deref(), Some("acme"));
        assert_eq!(pinged("token=new"), None);
        assert_eq!(pinged("token=new&ping=other"), None);
    }

    #[test]
    fn only_a_faulty_source_is_closed() {
        let mut config = config();
        config.sources[0].is_closed = true;
        let admitted = |config: &Config, source: &str, query: &str| {
            let url = format!("https://edge.example.com/hooks/{source}?{query}");
            admit(&parse_url(&url).unwrap(), "POST", config, source).map(|caller| caller.old_secret)
        };
        assert_eq!(
            admitted(&config, "acme", "token=new"),
            Err(Problem::Misconfigured)
        );
        assert_eq!(admitted(&config, "other", "key=theirs"), Ok(false));
        assert_eq!(
            admitted(&config, "nobody", "token=new"),
            Err(Problem::Unauthorized(Unauthorized::UnknownSource))
        );
    }

    #[test]
    fn the_reason_of_a_refusal_is_known() {
        let config = config();
        let refused = |source: &str, query: &str| {
            let url = format!("https://edge.example.com/hooks/{source}?{query}");
            let refused = admit(&parse_url(&url).unwrap(), "POST", &config, source);
            refused.map(|_| ()).unwrap_err()
        };
        for (source, query, reason) in [
            ("nobody", "token=new", Unauthorized::UnknownSource),
            ("acme", "", Unauthorized::NoSecret),
            ("acme", "token=", Unauthorized::NoSecret),
            ("acme", "key=new", Unauthorized::NoSecret),
            ("acme", "token=newer", Unauthorized::WrongSecret),
            ("other", "key=new", Unauthorized::WrongSecret),
        ] {
            let expected = Problem::Unauthorized(reason);
            assert_eq!(refused(source, query), expected, "{source} {query}");
        }
    }

    #[test]
    fn local_targets_are_for_a_worker_on_localhost_only() {
        let config = Config {
            allow_local: true,
            ..config()
        };
        let admitted = |host: &str| {
            let url = parse_url(&format!("{host}/hooks/acme?token=new")).unwrap();
            admit(&url, "POST", &config, "acme").map(|_| ())
        };
        assert_eq!(admitted("http://127.0.0.1:8787"), Ok(()));
        let public = admitted("https://edge.example.com");
        assert_eq!(public, Err(Problem::Misconfigured));
    }

    #[test]
    fn a_secret_of_the_example_file_admits_on_localhost_only() {
        let mut config = config();
        config.sources[0].secrets = Secrets::from_text("local-secret");
        let admitted = |host: &str| {
            let url = parse_url(&format!("{host}/hooks/acme?token=local-secret")).unwrap();
            admit(&url, "POST", &config, "acme").map(|_| ())
        };
        assert_eq!(admitted("http://localhost:8787"), Ok(()));
        assert_eq!(
            admitted("https://edge.example.com"),
            Err(Problem::Misconfigured)
        );
    }
}
