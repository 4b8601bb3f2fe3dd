//! A stand-in for Cloudflare's API, as far as `wrangler deploy`, `secret list` and `whoami` ask it; and, at the same
//! address, for the Worker that was deployed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri, header::LOCATION};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The id that each deployment gets.
pub(super) const VERSION: &str = "11111111-2222-4333-8444-555555555555";

#[derive(Clone)]
pub(super) struct Cloudflare {
    pub(super) url: String,
    account: Arc<Mutex<Account>>,
}

#[derive(Default)]
pub(super) struct Account {
    /// The settings of each upload.
    pub(super) uploads: Vec<Value>,
    secrets: BTreeSet<String>,
    /// The account has Access before the Worker.
    pub(super) has_access: bool,
    /// How many answers of `/healthz` are still those of the version before.
    pub(super) still_old: usize,
    pub(super) calls: Vec<String>,
}

impl Cloudflare {
    pub(super) fn start() -> Self {
        let account = Arc::<Mutex<Account>>::default();
        let app = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(16 << 20))
            .with_state(account.clone());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // Its own thread, since tests of programs are no futures.
        std::thread::spawn(move || {
            let serve = async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, app).await
            };
            tokio::runtime::Runtime::new()?.block_on(serve)
        });
        Self { url, account }
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Account) -> T) -> T {
        look(&mut self.account.lock().unwrap())
    }
}

async fn answer(
    State(account): State<Arc<Mutex<Account>>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let account = &mut *account.lock().unwrap();
    account.calls.push(format!("{method} {uri}"));
    let path = uri.path();
    if let Some(path) = path.strip_prefix("/client/v4") {
        return api(account, &method, path, &body);
    }
    if account.has_access {
        let login = "https://you.cloudflareaccess.com/cdn-cgi/access/login";
        return (StatusCode::FOUND, [(LOCATION, login)]).into_response();
    }
    match path {
        "/healthz" => {
            let is_old = account.still_old > 0;
            account.still_old = account.still_old.saturating_sub(1);
            let deployment = if is_old { "the one before" } else { VERSION };
            let version = env!("CARGO_PKG_VERSION");
            let body = json!({ "status": "ok", "version": version, "deployment": deployment });
            axum::Json(body).into_response()
        }
        "/hooks/default" => match uri.query() {
            Some(_) => StatusCode::OK.into_response(),
            None => StatusCode::UNAUTHORIZED.into_response(),
        },
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn api(account: &mut Account, method: &Method, path: &str, body: &[u8]) -> Response {
    let exists = !account.uploads.is_empty();
    let paged =
        json!({ "page": 1, "per_page": 100, "count": 1, "total_count": 1, "total_pages": 1 });
    let of_account = path.strip_prefix("/accounts/acc").unwrap_or(path);
    let result = match (method.as_str(), of_account) {
        (_, "/accounts") => json!([{ "id": "acc", "name": "Test" }]),
        (_, "/memberships") => json!([{ "id": "m", "account": { "id": "acc", "name": "Test" } }]),
        (_, "/user") => json!({ "id": "u", "email": "you@example.com" }),
        (_, "/user/tokens/verify") => json!({ "id": "t", "status": "active" }),
        (_, "/workers/subdomain") => json!({ "subdomain": "you" }),
        ("GET", "/storage/kv/namespaces") => json!([]),
        ("POST", "/storage/kv/namespaces") => json!({ "id": "kv1", "title": "edge-events" }),
        ("PUT", "/workers/scripts/edge") => {
            upload(account, body);
            json!({ "id": "edge", "startup_time_ms": 50, "deployment_id": VERSION, "version_id": VERSION,
                    "etag": "e", "tag": null, "entry_point": "index.js" })
        }
        // No file is missing there, so none is asked for.
        ("POST", "/workers/scripts/edge/assets-upload-session") => {
            json!({ "jwt": "assets.are.there", "buckets": [] })
        }
        (_, path) if !exists && (path.contains("/edge/") || path.ends_with("/edge")) => {
            let code = if path.contains("/services/") {
                10090
            } else {
                10007
            };
            return failed(
                StatusCode::NOT_FOUND,
                code,
                "This Worker does not exist on your account.",
            );
        }
        (_, "/workers/scripts/edge/secrets") => {
            let secret = |name: &String| json!({ "name": name, "type": "secret_text" });
            account.secrets.iter().map(secret).collect()
        }
        (_, "/workers/services/edge") => json!({ "id": "edge", "default_environment":
            { "environment": "production", "script": { "id": "edge", "tag": "t", "last_deployed_from": "wrangler" } } }),
        (_, "/workers/scripts/edge/settings") => json!({ "bindings":
            [{ "name": "EVENTS", "type": "kv_namespace", "namespace_id": "kv1" }] }),
        (_, "/workers/scripts/edge/deployments") => json!({ "deployments": [] }),
        (_, "/workers/scripts/edge/subdomain") => {
            json!({ "enabled": true, "previews_enabled": false })
        }
        (_, "/workers/scripts/edge/schedules") => json!({ "schedules": [] }),
        (_, "/workers/workers/edge") => json!({ "id": "edge", "name": "edge", "tags": [],
            "subdomain": { "enabled": true, "previews_enabled": false } }),
        _ => {
            return failed(
                StatusCode::NOT_FOUND,
                7003,
                &format!("the stand-in has no {method} {path}"),
            );
        }
    };
    let body = json!({ "success": true, "errors": [], "messages": [], "result": result, "result_info": paged });
    axum::Json(body).into_response()
}

/// A form, of which one part is a line of JSON.
fn upload(account: &mut Account, form: &[u8]) {
    let mut lines = form.split(|byte| *byte == b'\n');
    let line = lines
        .find(|line| line.starts_with(br#"{"main_module""#))
        .unwrap();
    let settings: Value = serde_json::from_slice(line).unwrap();
    for binding in settings["bindings"].as_array().unwrap() {
        if binding["type"] == "secret_text" {
            let name = binding["name"].as_str().unwrap();
            account.secrets.insert(name.to_owned());
        }
    }
    account.uploads.push(settings);
}

fn failed(status: StatusCode, code: u32, message: &str) -> Response {
    let errors = json!([{ "code": code, "message": message }]);
    let body = json!({ "success": false, "errors": errors, "messages": [], "result": null });
    (status, axum::Json(body)).into_response()
}
