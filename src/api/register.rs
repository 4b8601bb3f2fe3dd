//! `POST /api/v1/sources/{name}/register`: puts our URL with the current secret, and what it is to be
//! called for, into 3scale.

use edge_core::{
    admin_api::{
        trouble::Trouble,
        webhook::{self, Choice, Settings},
    },
    api::json_body::{self, wrong},
    config::{Config, Pattern, Source},
    problem::Problem,
};
use serde_json::{Map, Value};
use worker::Request;

use crate::{
    admin_client::{AdminApi, Call},
    platform::parse_url,
};

const MEMBERS: [&str; 5] = ["url", "events", "active", "provider_actions", "dry_run"];

pub(super) async fn answer(
    request: &Request,
    body: &[u8],
    config: &Config,
    name: &str,
) -> Result<String, Problem> {
    let source = config.source(name).ok_or(Problem::NotFound)?;
    let members = json_body::of(body, &MEMBERS)?;
    let settings = settings(request, config, source, &members)?;
    let dry_run = json_body::flag_or(&members, "dry_run", false)?;
    let api = AdminApi::of(config, source).ok_or_else(|| {
        let takes = source.name.env_name();
        wrong(
            "source",
            &format!("cannot be registered: it takes admin_url and SOURCE_{takes}_ACCESS_TOKEN"),
        )
    })?;
    let confirmed = if dry_run {
        Value::Null
    } else {
        put(&api, &settings).await.map_err(Problem::AdminApi)?
    };
    let mut answer = settings.shown();
    answer.insert("source".to_owned(), Value::from(name));
    answer.insert("dry_run".to_owned(), Value::from(dry_run));
    answer.insert("confirmed".to_owned(), confirmed);
    Ok(Value::Object(answer).to_string())
}

/// Sets it and reads the answer back: `true`, or what 3scale has otherwise.
async fn put(api: &AdminApi<'_>, settings: &Settings) -> Result<Value, Trouble> {
    let json = settings.to_json();
    let mut reply = api.send(Call::PutWebhook { settings: &json }).await?;
    match reply.status {
        200 => {
            let differences = settings.differences(&reply.short_body().await?);
            Ok(if differences.is_empty() {
                Value::Bool(true)
            } else {
                Value::from(differences)
            })
        }
        422 => {
            let words = webhook::objections(&reply.short_body().await?);
            Err(Trouble::new("settings_refused", words))
        }
        _ => Err(reply.refusal().await),
    }
}

fn settings(
    request: &Request,
    config: &Config,
    source: &Source,
    members: &Map<String, Value>,
) -> Result<Settings, Problem> {
    let own = request.inner().url();
    let url = json_body::text(members, "url")?.unwrap_or(&own);
    let origin = parse_url(url)
        .filter(|location| !location.credentials)
        .ok_or_else(|| {
            wrong(
                "url",
                "must be this Worker's public address, such as https://edge.example.com",
            )
        })?
        .origin;
    let choice = Choice {
        origin,
        events: events(members)?,
        active: json_body::flag_or(members, "active", true)?,
        provider_actions: json_body::flag_or(members, "provider_actions", true)?,
    };
    let settings = Settings::of(source, choice).ok_or(Problem::Misconfigured)?;
    settings
        .check(config.allow_local)
        .map_err(|(name, right)| wrong(name, &right))?;
    Ok(settings)
}

fn events(members: &Map<String, Value>) -> Result<Vec<Pattern>, Problem> {
    let Some(events) = members.get("events") else {
        return Ok(vec![Pattern::ANY]);
    };
    events
        .as_array()
        .and_then(|events| {
            events
                .iter()
                .map(|event| event.as_str()?.parse().ok())
                .collect()
        })
        .ok_or_else(|| {
            wrong(
                "events",
                "must be a list such as [\"account.*\", \"user.created\"]",
            )
        })
}
