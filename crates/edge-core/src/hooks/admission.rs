//! Admission to the hooks and the API: decided from everything but the body.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    config::{Config, ConsoleToken, Source},
    location::Location,
    problem::{Problem, Unauthorized},
    secret::{Admitted, Presented, Secret, has_parameter},
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

/// Admits an operator by the `Authorization` header.
///
/// # Errors
///
/// No `CONSOLE_TOKEN` is set, so that there is no API; the token is missing or wrong; or it is for reading only.
pub fn admit_operator<'c>(
    url: &Location,
    method: &str,
    config: &'c Config,
    authorization: Option<&str>,
) -> Result<&'c ConsoleToken, Problem> {
    if config.console_tokens.is_empty() {
        return Err(Problem::NotFound);
    }
    let presented = authorization.and_then(|header| header.strip_prefix("Bearer "));
    let presented = Presented::value(presented.unwrap_or_default());
    let token = config
        .console_tokens
        .admit(&presented, url.is_localhost())
        .ok_or(Problem::NoToken)?;
    if token.may_write || matches!(method, "GET" | "HEAD") {
        Ok(token)
    } else {
        Err(Problem::ReadOnlyToken)
    }
}

/// Admits a program that reads figures: as an operator, or by `Basic` with the token as the password of any user, which
/// every scraper can send.
///
/// # Errors
///
/// As for an operator.
pub fn admit_scraper<'c>(
    url: &Location,
    config: &'c Config,
    authorization: Option<&str>,
) -> Result<&'c ConsoleToken, Problem> {
    let bearer = authorization
        .and_then(password)
        .map(|password| format!("Bearer {password}"));
    admit_operator(url, "GET", config, bearer.as_deref().or(authorization))
}

/// The password in a header `Authorization: Basic …`.
fn password(authorization: &str) -> Option<String> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = STANDARD.decode(credentials.trim()).ok()?;
    let credentials = String::from_utf8(credentials).ok()?;
    credentials
        .split_once(':')
        .map(|(_, password)| password.to_owned())
}

/// `true` if the caller may see what the configuration is. Nobody but this machine's users can call localhost; everybody
/// else needs a token.
///
/// # Errors
///
/// A token is presented, and it is wrong.
pub fn sees_details(
    url: &Location,
    config: &Config,
    authorization: Option<&str>,
) -> Result<bool, Problem> {
    if authorization.is_none() || config.console_tokens.is_empty() {
        return Ok(url.is_localhost());
    }
    admit_operator(url, "GET", config, authorization).map(|_| true)
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
    fn an_operator_is_admitted_by_each_token_and_by_nothing_else() {
        let at = |url: &str| parse_url(url).unwrap();
        let url = at("https://edge.example.com/api/v1/events");
        let mut config = config();
        let none = admit_operator(&url, "GET", &config, Some("Bearer x"));
        assert_eq!(none.map(|_| ()), Err(Problem::NotFound));
        for token in ["new", "old", "grafana:read:reader", "local-console-token"] {
            config.console_tokens.push(token.parse().unwrap());
        }
        let admitted = |url: &Location, method: &str, header: Option<&str>| {
            admit_operator(url, method, &config, header).map(|token| token.name.clone())
        };
        for token in ["Bearer new", "Bearer old"] {
            assert_eq!(admitted(&url, "POST", Some(token)), Ok(None), "{token}");
        }
        let reader = Some("Bearer reader");
        assert_eq!(
            admitted(&url, "GET", reader),
            Ok(Some("grafana".to_owned()))
        );
        assert_eq!(admitted(&url, "POST", reader), Err(Problem::ReadOnlyToken));
        let example = Some("Bearer local-console-token");
        assert_eq!(admitted(&url, "GET", example), Err(Problem::NoToken));
        assert_eq!(
            admitted(&at("http://localhost:8787/"), "GET", example),
            Ok(None)
        );
        for header in [
            None,
            Some(""),
            Some("new"),
            Some("Basic new"),
            Some("Bearer "),
            Some("Bearer newer"),
        ] {
            assert_eq!(
                admitted(&url, "GET", header),
                Err(Problem::NoToken),
                "{header:?}"
            );
        }
    }

    #[test]
    fn a_scraper_may_present_the_token_as_the_password_of_any_user() {
        let url = parse_url("https://edge.example.com/metrics").unwrap();
        let mut config = config();
        config
            .console_tokens
            .push("grafana:read:re:ader".parse().unwrap());
        let admitted = |header: Option<&str>| {
            admit_scraper(&url, &config, header).map(|token| token.name.clone())
        };
        let grafana = Ok(Some("grafana".to_owned()));
        assert_eq!(admitted(Some("Bearer re:ader")), grafana);
        for user in ["", "prometheus"] {
            let basic = STANDARD.encode(format!("{user}:re:ader"));
            assert_eq!(admitted(Some(&format!("Basic {basic}"))), grafana);
            assert_eq!(admitted(Some(&format!("basic {basic}"))), grafana);
            // Nowhere else: browsers send it on their own.
            let header = format!("Basic {basic}");
            let operator = admit_operator(&url, "GET", &config, Some(&header));
            assert_eq!(operator.map(|_| ()), Err(Problem::NoToken));
        }
        for wrong in [
            None,
            Some("Basic"),
            Some("Basic !"),
            Some("Basic cmU6YWRlcg=="),
            Some("Basic eA=="),
        ] {
            assert_eq!(admitted(wrong), Err(Problem::NoToken), "{wrong:?}");
        }
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
    fn details_are_for_operators_and_for_this_machine() {
        let mut config = config();
        let local = parse_url("http://localhost:8787/healthz").unwrap();
        let public = parse_url("https://edge.example.com/healthz").unwrap();
        let sees = |config: &Config, url: &Location, header| sees_details(url, config, header);
        assert_eq!(sees(&config, &public, Some("Bearer new")), Ok(false));
        for token in ["new", "grafana:read:reader"] {
            config.console_tokens.push(token.parse().unwrap());
        }
        assert_eq!(sees(&config, &public, None), Ok(false));
        assert_eq!(sees(&config, &local, None), Ok(true));
        assert_eq!(sees(&config, &public, Some("Bearer new")), Ok(true));
        assert_eq!(sees(&config, &public, Some("Bearer reader")), Ok(true));
        let wrong = Some("Bearer guess");
        for url in [&public, &local] {
            assert_eq!(sees(&config, url, wrong), Err(Problem::NoToken));
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
