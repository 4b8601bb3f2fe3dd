//! Signing in and out.

use console::{
    frame::{Frame, Tab},
    link::{self, Query},
    pages::{again::AgainPage, sign_in::SignInPage},
};
use edge_core::{
    config::Setup,
    operators::{Operator, session},
    problem::Problem,
};
use worker::{Env, Request, Response, Result};

use super::{LARGEST_FORM, respond};
use crate::{
    http::{self, body},
    log, operators,
    platform::{now_ms, parse_url},
};

/// The operator who sends this request; else what the caller is answered.
///
/// # Errors
///
/// The caller is not admitted.
pub(super) async fn admit(
    request: &Request,
    env: &Env,
    setup: &Setup,
) -> std::result::Result<Operator, Result<Response>> {
    let problem = match operators::admit(request, env, setup).await {
        Ok(operator) => return Ok(operator),
        Err(problem) => problem,
    };
    if problem != Problem::NoToken {
        return Err(http::problem(&problem));
    }
    let fetch_site = request.headers().get("sec-fetch-site").ok().flatten();
    if session::is_withheld(&request.inner().method(), fetch_site.as_deref()) {
        return Err(respond::html(&AgainPage {}));
    }
    Err(match parse_url(&request.inner().url()) {
        Some(url) => respond::see_other(&link::to_sign_in(&url.path, &url.query)),
        None => http::problem(&Problem::InvalidHost),
    })
}

/// Answers `/console/sign-in`.
pub(super) async fn sign_in(mut request: Request, env: &Env, setup: &Setup) -> Result<Response> {
    match request.inner().method().as_str() {
        "GET" | "HEAD" => {
            let url = parse_url(&request.inner().url()).ok_or("a request without a URL")?;
            page(&request, "", Query::read(&url.query).get("to"))
        }
        "POST" => {
            let form = match body::read(&mut request, LARGEST_FORM).await {
                Ok(body) => Query::read(&String::from_utf8_lossy(&body)),
                Err(problem) => return http::problem(&problem),
            };
            let to = form.get("to");
            match operators::sign_in(&request, env, setup, form.get("token")).await {
                Ok(cookie) => with_cookie(link::inside(to), &cookie),
                Err(problem) => {
                    log::refused(&problem);
                    let page = page(&request, SignInPage::refusal(&problem), to)?;
                    Ok(page.with_status(problem.status()))
                }
            }
        }
        _ => http::problem(&Problem::MethodNotAllowed {
            allow: "GET, HEAD, POST",
        }),
    }
}

/// Answers `/console/sign-out`.
pub(super) fn sign_out(request: &Request) -> Result<Response> {
    if request.inner().method() != "POST" {
        return http::problem(&Problem::MethodNotAllowed { allow: "POST" });
    }
    let url = parse_url(&request.inner().url()).ok_or("a request without a URL")?;
    with_cookie("/console/sign-in", &session::end(&url))
}

fn with_cookie(to: &str, cookie: &str) -> Result<Response> {
    let mut response = respond::see_other(to)?;
    response.headers_mut().set("set-cookie", cookie)?;
    Ok(response)
}

fn page(request: &Request, refusal: &'static str, to: &str) -> Result<Response> {
    let cookies = request.headers().get("cookie").ok().flatten();
    respond::html(&SignInPage {
        frame: Frame {
            title: "Sign in".to_owned(),
            tab: Tab::None,
            operator: None,
            may_write: false,
            form_token: String::new(),
            theme: Frame::theme_of(&cookies.unwrap_or_default()),
            version: env!("CARGO_PKG_VERSION"),
            done: "",
            now_ms: now_ms(),
        },
        refusal,
        to: link::inside(to).to_owned(),
    })
}
