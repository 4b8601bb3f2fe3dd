//! The admission of operators: this module gathers what a request shows of its sender, and [`edge_core::operators`]
//! decides.

use edge_core::{
    config::{Config, Setup},
    operators::{self, Credentials, Operator, admit_scraper},
    problem::Problem,
};
use worker::{Env, Request};

use crate::{
    access, guesses, log,
    platform::{new_nonce, now_ms, parse_url},
};

/// Admits an operator.
///
/// # Errors
///
/// They are not admitted.
pub async fn admit(request: &Request, env: &Env, setup: &Setup) -> Result<Operator, Problem> {
    sound(setup)?;
    decide(request, env, &setup.config, operators::admit).await
}

/// Admits a program that reads figures.
///
/// # Errors
///
/// It is not admitted.
pub async fn admit_to_figures(
    request: &Request,
    env: &Env,
    setup: &Setup,
) -> Result<Operator, Problem> {
    sound(setup)?;
    decide(request, env, &setup.config, admit_scraper).await
}

/// `true` if the caller may see what the configuration is.
///
/// # Errors
///
/// A token is presented, and it is wrong.
pub async fn sees_details(request: &Request, env: &Env, config: &Config) -> Result<bool, Problem> {
    decide(request, env, config, operators::sees_details).await
}

/// Begins a session: the header `Set-Cookie` for whoever presents this token in a form.
///
/// # Errors
///
/// The token is wrong, or the caller has to wait.
pub async fn sign_in(
    request: &Request,
    env: &Env,
    setup: &Setup,
    token: &str,
) -> Result<String, Problem> {
    sound(setup)?;
    let nonce = new_nonce().map_err(|error| {
        log::error("beginning a session", &error);
        Problem::Unavailable
    })?;
    let url = parse_url(&request.inner().url()).ok_or(Problem::InvalidHost)?;
    let origin = request.headers().get("origin").ok().flatten();
    let shown = Credentials {
        url: &url,
        method: "POST",
        authorization: None,
        cookies: None,
        origin: origin.as_deref(),
        person: None,
        now_s: now_s(),
    };
    let begin = || operators::sign_in(&setup.config, &shown, token, &nonce);
    guesses::counted(request, env, begin).await
}

/// With faulty tokens alone nobody can be admitted, and it must not look as if there were no console.
fn sound(setup: &Setup) -> Result<(), Problem> {
    if setup.has_faulty_tokens() {
        Err(Problem::Misconfigured)
    } else {
        Ok(())
    }
}

async fn decide<T>(
    request: &Request,
    env: &Env,
    config: &Config,
    rule: impl FnOnce(&Config, &Credentials<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let url = parse_url(&request.inner().url()).ok_or(Problem::InvalidHost)?;
    let header = |name| request.headers().get(name).ok().flatten();
    let (authorization, cookies, origin) =
        (header("authorization"), header("cookie"), header("origin"));
    let method = request.inner().method();
    let shown = Credentials {
        url: &url,
        method: &method,
        authorization: authorization.as_deref(),
        cookies: cookies.as_deref(),
        origin: origin.as_deref(),
        person: None,
        now_s: now_s(),
    };
    if authorization.is_some() {
        return guesses::counted(request, env, || rule(config, &shown)).await;
    }
    let person = match (&config.access, header("cf-access-jwt-assertion")) {
        (Some(access), Some(assertion)) => access::person(access, &assertion).await,
        _ => None,
    };
    let shown = Credentials {
        person: person.as_ref(),
        ..shown
    };
    rule(config, &shown)
}

fn now_s() -> i64 {
    now_ms().div_euclid(1000)
}
