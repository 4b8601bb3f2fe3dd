//! The console: pages for operators at `/console/…`. A page asks what the API asks, by the same functions
//! ([`crate::api::calls`]), and the crate [`console`] makes HTML of the answers. A form becomes a call of the API
//! ([`console::form`]), so that nothing can be done here that the API cannot do.
//!
//! Each page is a file here, one in `crates/console/src/pages`, and a template in `templates`.

mod actions;
mod audit;
mod destinations;
mod event;
mod events;
mod health;
mod objects;
mod quarantine;
mod replays;
mod respond;
mod session;
mod sources;
mod visit;

use console::{
    frame::{Frame, Tab},
    link::Query,
    pages::problem::ProblemPage,
};
use edge_core::{config::Setup, problem::Problem};
use worker::{Env, Request, Response, Result};

use self::{respond::see_other, visit::Visit};
use crate::{
    http::{self, body},
    log,
    platform::{now_ms, parse_url},
};

/// The longest form that is read.
const LARGEST_FORM: usize = 64 << 10;

/// The answer to a visit: a page or a redirection, or the problem that gets a page of its own.
type Shown = std::result::Result<Response, Problem>;

/// `GET /`: the console, if there is one.
///
/// # Errors
///
/// The runtime could not build the response.
pub fn root(setup: &Setup) -> Result<Response> {
    if setup.config.console_tokens.is_empty() && !setup.has_faulty_tokens() {
        return http::problem(&Problem::NotFound);
    }
    see_other("/console/events")
}

/// Answers a request at `/console/…`; `path` is what follows.
///
/// # Errors
///
/// The runtime could not build the response.
pub async fn answer(
    mut request: Request,
    env: &Env,
    setup: &Setup,
    path: &[&str],
) -> Result<Response> {
    if setup.config.console_tokens.is_empty() && !setup.has_faulty_tokens() {
        return http::problem(&Problem::NotFound);
    }
    match path {
        ["sign-in"] => return session::sign_in(request, env, setup).await,
        ["sign-out"] => return session::sign_out(&request),
        _ => {}
    }
    let operator = match session::admit(&request, env, setup).await {
        Ok(operator) => operator,
        Err(answer) => return answer,
    };
    let Some(url) = parse_url(&request.inner().url()) else {
        return http::problem(&Problem::InvalidHost);
    };
    let cookies = request.headers().get("cookie").ok().flatten();
    let mut visit = Visit {
        env,
        config: &setup.config,
        setup,
        operator,
        query: Query::read(&url.query),
        url: request.inner().url(),
        theme: Frame::theme_of(&cookies.unwrap_or_default()),
        now_ms: now_ms(),
    };
    let method = request.inner().method();
    let shown = match method.as_str() {
        "GET" | "HEAD" => page(&visit, path).await,
        "POST" => match body::read(&mut request, LARGEST_FORM).await {
            Ok(body) => {
                let form = Query::read(&String::from_utf8_lossy(&body));
                match visit.operator.sent_form(form.get("form_token")) {
                    Ok(()) => actions::perform(&mut visit, path, &form).await,
                    Err(problem) => Err(problem),
                }
            }
            Err(problem) => Err(problem),
        },
        _ => Err(Problem::MethodNotAllowed {
            allow: "GET, HEAD, POST",
        }),
    };
    match shown {
        Ok(response) => Ok(response),
        Err(problem) => problem_page(&visit, &problem),
    }
}

/// The pages.
async fn page(visit: &Visit<'_>, path: &[&str]) -> Shown {
    match path {
        [] | [""] => respond::go_to("/console/events"),
        ["events"] => events::list(visit).await,
        ["events.ndjson"] => events::export(visit),
        ["events", id] => event::show(visit, id).await,
        ["destinations"] => destinations::show(visit).await,
        ["objects"] => objects::list(visit).await,
        ["objects", kind, id] => objects::one(visit, kind, id).await,
        ["health"] => health::show(visit).await,
        ["audit"] => audit::list(visit).await,
        ["quarantine"] => quarantine::list(visit).await,
        ["quarantine", id] => quarantine::one(visit, id).await,
        ["replays"] => replays::list(visit).await,
        ["replays", "new"] => replays::new(visit).await,
        ["replays", id] => replays::one(visit, id).await,
        ["sources"] => sources::show(visit).await,
        _ => Err(Problem::Unknown("There is no such page.".to_owned())),
    }
}

fn problem_page(visit: &Visit<'_>, problem: &Problem) -> Result<Response> {
    log::refused(problem);
    let frame = visit.frame(&problem.document().title, Tab::None);
    let page = ProblemPage::of(problem, frame);
    let mut response = respond::framed(&page)?.with_status(problem.status());
    if let Some((name, value)) = problem.header() {
        response.headers_mut().set(name, value)?;
    }
    Ok(response)
}

/// The reason goes to the log only.
fn failed(error: &worker::Error) -> Problem {
    log::error("making a page of the console", error);
    Problem::Unavailable
}
