//! The tenant's admin API: the list of failures, and the settings of the webhook.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing;
use chrono::Utc;
use serde_json::{Map, Value, json};

use crate::credentials::Denied;
use crate::faults;
use crate::ruby_time;
use crate::tenant::Tenant;
use crate::xml::Builder;

/// The API as an axum router. Without an extension a path means XML, as in porta's routes.
pub fn router(tenant: Arc<Tenant>) -> Router {
    let xml = routing::get(async |call: Call| call.list(Format::Xml))
        .delete(async |call: Call| call.delete(Format::Xml));
    let json = routing::get(async |call: Call| call.list(Format::Json))
        .delete(async |call: Call| call.delete(Format::Json));
    Router::new()
        .route("/admin/api/webhooks/failures", xml.clone())
        .route("/admin/api/webhooks/failures.xml", xml)
        .route("/admin/api/webhooks/failures.json", json)
        .route(
            "/admin/api/webhooks.json",
            routing::put(async |call: Call| call.update_webhook()),
        )
        .layer(from_fn_with_state(tenant.clone(), faults::layer))
        .with_state(tenant)
}

/// One request with everything that its response depends on.
struct Call {
    tenant: Arc<Tenant>,
    headers: HeaderMap,
    /// Query and form body together, as Rails' `params`.
    params: Vec<(String, String)>,
    body: Bytes,
}

#[derive(Clone, Copy)]
enum Format {
    Xml,
    Json,
}

impl Call {
    fn list(self, format: Format) -> Response {
        if let Err(answer) = self.admit(format) {
            return answer;
        }
        let failures = lock(&self.tenant.failures);
        match format {
            Format::Xml => format.answer(StatusCode::OK, failures.xml()),
            Format::Json => format.answer(StatusCode::OK, failures.json().to_string()),
        }
    }

    fn delete(self, format: Format) -> Response {
        if let Err(answer) = self.admit(format) {
            return answer;
        }
        match self.params.iter().rfind(|(name, _)| name == "time") {
            // Without `time` the whole list is wiped; an empty one is an error. This is 3scale's own trap.
            None => lock(&self.tenant.failures).delete_all(),
            Some((_, time)) => match ruby_time::parse(time, Utc::now()) {
                Some(time) => lock(&self.tenant.failures).delete_until(time),
                None => return format.error(StatusCode::BAD_REQUEST, "invalid time"),
            },
        }
        StatusCode::OK.into_response()
    }

    fn update_webhook(self) -> Response {
        if let Err(answer) = self.admit(Format::Json) {
            return answer;
        }
        let Some(changes) = self.webhook_params() else {
            return Format::Json.error(
                StatusCode::BAD_REQUEST,
                "param is missing or the value is empty: web_hook",
            );
        };
        let mut webhook = lock(&self.tenant.webhook);
        match webhook.update(&changes) {
            Ok(()) => Format::Json.answer(StatusCode::OK, webhook.json().to_string()),
            Err(errors) => {
                let body = json!({ "errors": errors }).to_string();
                Format::Json.answer(StatusCode::UNPROCESSABLE_ENTITY, body)
            }
        }
    }

    /// `{"web_hook": {…}}`, or flat JSON, which Rails wraps by itself. Flat form parameters are not enough.
    fn webhook_params(&self) -> Option<Map<String, Value>> {
        let content_type = self.headers.get("content-type")?.to_str().ok()?;
        if !content_type.starts_with("application/json") {
            return None;
        }
        let mut body: Map<String, Value> = serde_json::from_slice(&self.body).ok()?;
        match body.remove("web_hook") {
            Some(Value::Object(nested)) => Some(nested),
            Some(_) => None,
            None => Some(body).filter(|body| !body.is_empty()),
        }
    }

    #[expect(
        clippy::result_large_err,
        reason = "the error is the answer itself, made once a request"
    )]
    fn admit(&self, format: Format) -> Result<(), Response> {
        if self.tenant.suspended {
            return Err(StatusCode::FORBIDDEN.into_response());
        }
        self.tenant
            .credentials
            .check(&self.params, &self.headers)
            .map_err(|denied| match denied {
                Denied::Credentials => format.error(StatusCode::FORBIDDEN, "Access denied"),
                Denied::Scope => format.error(
                    StatusCode::FORBIDDEN,
                    "Your access token does not have the correct permissions",
                ),
                Denied::Ability => StatusCode::FORBIDDEN.into_response(),
            })
    }
}

impl Format {
    fn error(self, status: StatusCode, message: &str) -> Response {
        let body = match self {
            Self::Xml => format!("{}<error>{message}</error>", Builder::DECLARATION),
            // Taken from porta's code only, not observed running.
            Self::Json => json!({ "error": message }).to_string(),
        };
        self.answer(status, body)
    }

    fn answer(self, status: StatusCode, body: String) -> Response {
        let media_type = match self {
            Self::Xml => "application/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        };
        (status, [("content-type", media_type)], body).into_response()
    }
}

impl FromRequest<Arc<Tenant>> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, tenant: &Arc<Tenant>) -> Result<Self, Response> {
        let (mut head, body) = request.into_parts();
        let RawQuery(query) = RawQuery::from_request_parts(&mut head, tenant)
            .await
            .map_err(IntoResponse::into_response)?;
        let State(tenant): State<Arc<Tenant>> = State::from_request_parts(&mut head, tenant)
            .await
            .map_err(IntoResponse::into_response)?;
        let headers = head.headers.clone();
        let body = Bytes::from_request(Request::from_parts(head, body), &tenant)
            .await
            .map_err(IntoResponse::into_response)?;
        let form = headers.get("content-type").is_some_and(|value| {
            value
                .as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        });
        let form = if form { body.as_ref() } else { &[] };
        let query = query.unwrap_or_default();
        let params = [query.as_bytes(), form]
            .into_iter()
            .flat_map(|part| form_urlencoded::parse(part).into_owned())
            .collect();
        Ok(Self {
            tenant,
            headers,
            params,
            body,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
