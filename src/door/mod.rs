//! The front door: what comes over HTTP, and what it is answered. Stateless.

pub(crate) mod body;
mod health;
mod ingest;
mod media_type;
mod problem;
mod schemas;

use worker::{Env, Headers, Method, Request, Response, Result};

pub(crate) use self::problem::Problem;
use crate::{
    config::{Config, Setup, Source},
    location::Location,
    log::{self, Ingest},
    platform::now_ms,
    secret::{Admitted, Presented},
};

/// Answers a request at `path`. No error gets past this but a failure to build an answer.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn answer(request: Request, env: &Env, setup: &Setup, path: &[&str]) -> Result<Response> {
    match path {
        ["hooks", source] => hook(request, env, setup, source).await,
        ["healthz"] if is_read(&request) => health::answer(env, setup).await,
        ["schemas", file] if is_read(&request) => schemas::answer(file),
        ["healthz"] | ["schemas", _] => Problem::MethodNotAllowed { allow: "GET, HEAD" }.answer(),
        _ => Problem::NotFound.answer(),
    }
}

/// Everything that is open to all is read only.
fn is_read(request: &Request) -> bool {
    matches!(request.method(), Method::Get | Method::Head)
}

/// 3scale calls.
async fn hook(request: Request, env: &Env, setup: &Setup, source: &str) -> Result<Response> {
    let began = now_ms();
    let known = setup
        .config
        .as_ref()
        .and_then(|config| config.source(source));
    let mut line = Ingest {
        source: known.map(|source| source.name.as_str()),
        ..Ingest::default()
    };
    let url = Location::parse(&request.inner().url()).ok_or("a request without a URL")?;
    let method = request.method();
    let answer = match admit(&url, &method, setup, source) {
        Ok(caller) if method == Method::Get => {
            line.secret = caller.old_secret.then_some("old");
            "ping".clone_into(&mut line.outcome);
            json(br#"{"status":"ok"}"#)
        }
        Ok(caller) => {
            line.secret = caller.old_secret.then_some("old");
            match ingest::ingest(request, url.origin, env, &caller, &mut line).await {
                Ok(receipt) => json(&serde_json::to_vec(&receipt)?),
                Err(problem) => problem.reported(&mut line),
            }
        }
        Err(problem) => problem.reported(&mut line),
    }?;
    line.status = answer.status_code();
    line.ms = now_ms() - began;
    log::ingest(&line);
    Ok(answer)
}

/// Who calls a hook, once they may come in.
struct Caller<'c> {
    config: &'c Config,
    source: &'c Source,
    /// Whether they presented a value of the secret that is not the current one.
    old_secret: bool,
}

/// Decides from everything but the body.
fn admit<'c>(
    url: &Location,
    method: &Method,
    setup: &'c Setup,
    source: &str,
) -> std::result::Result<Caller<'c>, Problem> {
    if url.scheme != "https" && !is_localhost(&url.host) {
        return Err(Problem::InsecureTransport);
    }
    if !matches!(method, Method::Get | Method::Post) {
        return Err(Problem::MethodNotAllowed { allow: "GET, POST" });
    }
    let config = setup.config.as_ref().ok_or(Problem::Misconfigured)?;
    authorize(config, source, &url.query).ok_or(Problem::Unauthorized)
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

pub(crate) fn json(body: &[u8]) -> Result<Response> {
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    Ok(Response::from_bytes(body.to_vec())?.with_headers(headers))
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
    fn localhost_is_what_cannot_leave_the_machine() {
        for host in ["localhost", "127.0.0.1", "[::1]", "edge.localhost"] {
            assert!(is_localhost(host), "{host}");
        }
        for host in ["edge.example.com", "localhost.example.com", "10.0.0.1", ""] {
            assert!(!is_localhost(host), "{host}");
        }
    }
}
