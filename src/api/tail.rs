//! `GET /api/v1/tail`: who may listen, and to which inboxes. `js/tail.js` joins the sockets.

use edge_core::{config::Config, name::SourceName, problem::Problem, shard};
use js_sys::Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{Env, Request, Response, Result, web_sys};

use super::{Answer, answer_of, answered};
use crate::{environment, http, log, platform};

const PATH: &str = "/api/v1/";

/// The names of the inboxes that a client listens to.
pub(super) fn inboxes(config: &Config, source: Option<&SourceName>) -> Vec<String> {
    let sources = config.chosen(source.map(SourceName::as_str));
    sources
        .flat_map(|source| (0..source.shards).map(|number| shard::name(&source.name, number)))
        .collect()
}

/// Answers a request that wants to become a WebSocket: with an array of the inboxes' names if it may, else with a
/// response.
#[wasm_bindgen(js_name = admitTail, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
pub async fn admit(env: Env, request: web_sys::Request) -> std::result::Result<JsValue, JsValue> {
    let answer = admitted(&env, Request::from(request)).await;
    answer.map_err(|error| JsValue::from_str(&error.to_string()))
}

async fn admitted(env: &Env, mut request: Request) -> Result<JsValue> {
    let wants = request.headers().get("upgrade")?.unwrap_or_default();
    let is_wanted = wants.eq_ignore_ascii_case("websocket");
    let setup = environment::setup(env);
    let url = platform::parse_url(&request.inner().url());
    let path = url.as_ref().and_then(|url| url.path.strip_prefix(PATH));
    let Some(path) = path else {
        return Ok(response(http::problem(&Problem::NotFound)?));
    };
    let path: Vec<_> = path.split('/').collect();
    match answered(&mut request, env, &setup, &path).await {
        Ok(Answer::Tail(inboxes)) if is_wanted => {
            let names = inboxes.iter().map(|name| JsValue::from_str(name));
            Ok(names.collect::<Array>().into())
        }
        other => Ok(response(answer_of(other)?)),
    }
}

/// The answer where an inbox could not be reached. The reason goes to the log only.
#[wasm_bindgen(js_name = tailUnavailable)]
pub fn unavailable(reason: &str) -> std::result::Result<web_sys::Response, JsValue> {
    log::error("joining a listener", &worker::Error::from(reason));
    let answer = http::problem(&Problem::Unavailable).map(Into::into);
    answer.map_err(|error| JsValue::from_str(&error.to_string()))
}

fn response(response: Response) -> JsValue {
    web_sys::Response::from(response).into()
}
