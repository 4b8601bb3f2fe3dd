//! The table of the API's routes. The router reads it, and a test compares `schemas/openapi.json` with it, so that a
//! route without a description, or a description without a route, fails the build.

use std::borrow::Cow;

use super::{event_query::EVENT_QUERY, json_body::wrong};
use crate::{problem::Problem, secret::decoded};

/// What a route does. [`Call::read`](super::Call::read) has an arm for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum Endpoint {
    CancelReplay,
    DropDestination,
    DropQuarantined,
    ExportEvents,
    GetEvent,
    GetObject,
    GetQuarantined,
    GetReplay,
    GetStats,
    GetUsage,
    ListActions,
    ListDestinations,
    ListEvents,
    ListObjects,
    ListQuarantine,
    ListRecoveries,
    ListReplays,
    ListSources,
    OpenApi,
    PauseDestination,
    ReadFeed,
    RegisterSource,
    ReparseOne,
    ReparseQuarantine,
    ReplayEvent,
    ResumeDestination,
    RunRecovery,
    StartReplay,
    Tail,
    TestDestination,
}

/// A path below `/api/v1`, with its methods.
#[derive(Debug)]
pub struct Route {
    /// The path, with its variable segments in braces.
    pub path: &'static str,
    /// Its methods, as the header `Allow` has them.
    pub allow: &'static str,
    /// What each method does.
    pub methods: &'static [Method],
}

/// A method of a path.
#[derive(Debug)]
pub struct Method {
    /// HTTP's name for it.
    pub name: &'static str,
    /// What it does.
    pub endpoint: Endpoint,
    /// The parameters of its query.
    pub query: &'static [&'static str],
    /// The members of its body.
    pub body: &'static [&'static str],
}

const fn get(endpoint: Endpoint, query: &'static [&'static str]) -> Method {
    Method {
        name: "GET",
        endpoint,
        query,
        body: &[],
    }
}

const fn post(endpoint: Endpoint, body: &'static [&'static str]) -> Method {
    Method {
        name: "POST",
        endpoint,
        query: &[],
        body,
    }
}

const fn delete(endpoint: Endpoint) -> Method {
    Method {
        name: "DELETE",
        endpoint,
        query: &[],
        body: &[],
    }
}

const fn route(path: &'static str, allow: &'static str, methods: &'static [Method]) -> Route {
    Route {
        path,
        allow,
        methods,
    }
}

const DESTINATIONS: &str = "destinations";

/// Every route. Of two that match, the first counts.
pub const ROUTES: &[Route] = &[
    route("openapi.json", "GET", &[get(Endpoint::OpenApi, &[])]),
    route("events", "GET", &[get(Endpoint::ListEvents, LIST)]),
    route(
        "events.ndjson",
        "GET",
        &[get(Endpoint::ExportEvents, EXPORT)],
    ),
    route("feed", "GET", &[get(Endpoint::ReadFeed, FEED)]),
    route("events/{id}", "GET", &[get(Endpoint::GetEvent, &[])]),
    route(
        "events/{id}/replay",
        "POST",
        &[post(Endpoint::ReplayEvent, &[DESTINATIONS])],
    ),
    route(
        "replays",
        "GET, POST",
        &[
            get(Endpoint::ListReplays, &[]),
            post(Endpoint::StartReplay, REPLAY),
        ],
    ),
    route("replays/{id}", "GET", &[get(Endpoint::GetReplay, &[])]),
    route(
        "replays/{id}/cancel",
        "POST",
        &[post(Endpoint::CancelReplay, &[])],
    ),
    route("objects", "GET", &[get(Endpoint::ListObjects, OBJECTS)]),
    route(
        "objects/{type}/{id}",
        "GET",
        &[get(Endpoint::GetObject, &["source"])],
    ),
    route(
        "quarantine",
        "GET",
        &[get(Endpoint::ListQuarantine, QUARANTINE)],
    ),
    route(
        "quarantine/reparse",
        "POST",
        &[post(
            Endpoint::ReparseQuarantine,
            &["code", "source", "cursor"],
        )],
    ),
    route(
        "quarantine/{id}",
        "GET, DELETE",
        &[
            get(Endpoint::GetQuarantined, &[]),
            delete(Endpoint::DropQuarantined),
        ],
    ),
    route(
        "quarantine/{id}/reparse",
        "POST",
        &[post(Endpoint::ReparseOne, &[])],
    ),
    route(DESTINATIONS, "GET", &[get(Endpoint::ListDestinations, &[])]),
    route(
        "destinations/{name}/pause",
        "POST",
        &[post(Endpoint::PauseDestination, &[])],
    ),
    route(
        "destinations/{name}/resume",
        "POST",
        &[post(Endpoint::ResumeDestination, &[])],
    ),
    route(
        "destinations/{name}/drop",
        "POST",
        &[post(Endpoint::DropDestination, &[])],
    ),
    route(
        "destinations/{name}/test",
        "POST",
        &[post(Endpoint::TestDestination, &["kind", "source"])],
    ),
    route("sources", "GET", &[get(Endpoint::ListSources, &[])]),
    route(
        "sources/{name}/register",
        "POST",
        &[post(Endpoint::RegisterSource, REGISTRATION)],
    ),
    route(
        "recoveries",
        "GET, POST",
        &[
            get(Endpoint::ListRecoveries, &[]),
            post(Endpoint::RunRecovery, &["source"]),
        ],
    ),
    route(
        "stats",
        "GET",
        &[get(Endpoint::GetStats, &["source", "since"])],
    ),
    route("tail", "GET", &[get(Endpoint::Tail, &["source"])]),
    route("usage", "GET", &[get(Endpoint::GetUsage, &[])]),
    route(
        "audit",
        "GET",
        &[get(Endpoint::ListActions, &["cursor", "limit"])],
    ),
];

const LIST: &[&str] = &with::<12>(&["cursor", "limit"]);
const EXPORT: &[&str] = &with::<11>(&["cursor"]);
/// The state of a delivery changes, and a feed gives each event once: so none of `state`, `destination`, `until`.
const FEED: &[&str] = &[
    "source", "type", "action", "object", "account", "since", "q", "cursor", "limit",
];
const REPLAY: &[&str] = &with::<13>(&[DESTINATIONS, "dry_run", "all"]);
const QUARANTINE: &[&str] = &["source", "code", "cursor", "limit"];
const OBJECTS: &[&str] = &["source", "type", "account", "cursor", "limit"];
const REGISTRATION: &[&str] = &["url", "events", "active", "provider_actions", "dry_run"];

/// The parameters that select events, and these.
const fn with<const N: usize>(others: &[&'static str]) -> [&'static str; N] {
    let mut all = [""; N];
    let (first, rest) = all.split_at_mut(EVENT_QUERY.len());
    first.copy_from_slice(&EVENT_QUERY);
    rest.copy_from_slice(others);
    all
}

/// The route of a request.
#[derive(Debug)]
pub struct Found<'p> {
    /// What it asks for.
    pub method: &'static Method,
    /// The variable segments of the path, decoded.
    pub segments: Vec<Cow<'p, str>>,
}

impl Found<'_> {
    /// The variable segment at this place.
    #[must_use]
    pub fn segment(&self, index: usize) -> &str {
        self.segments.get(index).map_or("", AsRef::as_ref)
    }
}

/// Finds the route of a request; `path` is the part after `/api/v1`.
///
/// # Errors
///
/// The path does not exist, not with this method, or not with such a parameter in the query.
pub fn find<'p>(method: &str, path: &[&'p str], query: &str) -> Result<Found<'p>, Problem> {
    let mut all = ROUTES.iter();
    let found = all.find_map(|route| Some((route, matched(route.path, path)?)));
    let (route, segments) = found.ok_or_else(no_path)?;
    let mut methods = route.methods.iter();
    let method = methods
        .find(|one| one.name == method)
        .ok_or(Problem::MethodNotAllowed { allow: route.allow })?;
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    for pair in pairs {
        let name = decoded(pair.split_once('=').unwrap_or((pair, "")).0);
        if !method.query.contains(&name.as_str()) {
            return Err(unknown(&name, method.query));
        }
    }
    Ok(Found { method, segments })
}

/// The variable segments of a path that this one matches.
fn matched<'p>(template: &str, path: &[&'p str]) -> Option<Vec<Cow<'p, str>>> {
    let template: Vec<_> = template.split('/').collect();
    if template.len() != path.len() {
        return None;
    }
    let mut segments = Vec::new();
    for (wanted, found) in template.iter().zip(path) {
        let found = percent_encoding::percent_decode_str(found)
            .decode_utf8()
            .ok()?;
        if wanted.starts_with('{') {
            segments.push(found);
        } else if *wanted != found {
            return None;
        }
    }
    Some(segments)
}

fn no_path() -> Problem {
    let paths: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
    Problem::Unknown(format!(
        "The API has no such path. It has, below /api/v1: {}.",
        paths.join(", ")
    ))
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    // What a caller wrote, in a sentence for that caller.
    let name: String = name.chars().take(100).collect();
    let right = if known.is_empty() {
        "is not known here; nothing is".to_owned()
    } else {
        format!("is not known here; known are {}", known.join(", "))
    };
    wrong(&name, &right)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;

    /// The parameters of the query, and the members of the body.
    type Described = (BTreeSet<String>, BTreeSet<String>);

    fn described() -> (Value, BTreeMap<(String, String), Described>) {
        let document = include_str!("../../../../schemas/openapi.json");
        let document: Value = serde_json::from_str(document).unwrap();
        let mut all = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if method == "parameters" {
                    continue;
                }
                let mut query = BTreeSet::new();
                let mut segments = Vec::new();
                let empty = Vec::new();
                let of = |value: &Value| value.as_array().unwrap_or(&empty).clone();
                for parameter in of(&item["parameters"])
                    .iter()
                    .chain(&of(&operation["parameters"]))
                {
                    let parameter = resolved(&document, parameter);
                    let name = parameter["name"].as_str().unwrap().to_owned();
                    match parameter["in"].as_str().unwrap() {
                        "query" => assert!(query.insert(name), "{path}"),
                        "path" => segments.push(format!("{{{name}}}")),
                        other => panic!("{path}: a parameter in {other}"),
                    }
                }
                let named: Vec<_> = path.split('/').filter(|one| one.starts_with('{')).collect();
                assert_eq!(named, segments, "{method} {path}: the segments");
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                let body = members(&document, body);
                all.insert((method.to_uppercase(), path.clone()), (query, body));
            }
        }
        (document, all)
    }

    fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(reference) => document.pointer(&reference[1..]).unwrap(),
            None => value,
        }
    }

    fn members(document: &Value, schema: &Value) -> BTreeSet<String> {
        let schema = resolved(document, schema);
        let own = schema["properties"].as_object();
        own.into_iter()
            .flat_map(|all| all.keys().cloned())
            .collect()
    }

    #[test]
    fn the_description_has_each_route_with_its_methods_and_parameters_and_no_other() {
        let (_, described) = described();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut routes = BTreeMap::new();
        for route in ROUTES {
            for method in route.methods {
                let path = format!("/api/v1/{}", route.path);
                let parameters = (set(method.query), set(method.body));
                routes.insert((method.name.to_owned(), path), parameters);
            }
        }
        // Beside the API, since Prometheus expects it there.
        routes.insert(
            ("GET".to_owned(), "/metrics".to_owned()),
            Described::default(),
        );
        assert_eq!(described, routes);
    }

    #[test]
    fn each_operation_has_an_id_of_its_own_a_summary_and_an_answer_to_each_way_to_fail() {
        let (document, described) = described();
        let mut ids = BTreeSet::new();
        for (method, path) in described.keys() {
            let operation = &document["paths"][path][method.to_lowercase()];
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            assert!(operation["summary"].is_string(), "{id}");
            let answers = operation["responses"].as_object().unwrap();
            // 101 is a WebSocket.
            let is_success = |status: &str| status.starts_with('2') || status == "101";
            assert!(answers.keys().any(|status| is_success(status)), "{id}");
            let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
            let wanted: &[&str] = if is_open { &[] } else { &["401", "429", "503"] };
            for status in wanted {
                assert!(answers.contains_key(*status), "{id} lacks {status}");
            }
            assert!(
                is_open || method == "GET" || answers.contains_key("403"),
                "{id}"
            );
        }
    }

    #[test]
    fn the_allowed_methods_are_those_of_the_table() {
        for route in ROUTES {
            let methods: Vec<_> = route.methods.iter().map(|method| method.name).collect();
            assert_eq!(route.allow, methods.join(", "), "{}", route.path);
        }
    }

    #[test]
    fn a_variable_segment_is_decoded() {
        let found = find("POST", &["destinations", "a%2Fb%20c+d", "pause"], "").unwrap();
        assert_eq!(found.segment(0), "a/b c+d");
        assert_eq!(found.method.endpoint, Endpoint::PauseDestination);
        assert!(find("POST", &["destinations", "%ff", "pause"], "").is_err());
    }

    #[test]
    fn an_unknown_parameter_of_a_query_is_named() {
        let refused = find("GET", &["destinations"], "colour=red").unwrap_err();
        assert!(refused.to_string().starts_with("`colour` "), "{refused}");
        let refused = find("GET", &["events"], "colour=red").unwrap_err();
        assert!(
            refused.to_string().contains("destination, since"),
            "{refused}"
        );
        assert!(find("GET", &["events"], "q=a=b&&limit=5").is_ok());
    }
}
