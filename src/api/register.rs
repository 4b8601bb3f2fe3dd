//! `POST /api/v1/sources/{name}/register`: writes our URL with the current secret to 3scale, and checks that 3scale has
//! accepted it.

use edge_core::{
    admin_api::{
        error::{AdminApiError, Code},
        webhook::{self, Settings},
    },
    api::{
        register_body::{self, Address, Registration},
        route::{no_admin_api, no_source},
    },
    config::Config,
    name::SourceName,
    problem::Problem,
};
use serde_json::{Map, Value};
use worker::Env;

use super::proof;
use crate::{
    admin_client::{AdminApi, Call},
    platform::parse_url,
};

/// `called` is the URL at which this Worker was called.
pub(crate) async fn register(
    called: &str,
    env: &Env,
    config: &Config,
    source: &SourceName,
    registration: &Registration,
) -> Result<Map<String, Value>, Problem> {
    let source = config
        .source(source.as_str())
        .ok_or_else(|| no_source(source.as_str(), config))?;
    let api = AdminApi::of(env, config, source)
        .ok_or_else(|| no_admin_api(source, "cannot be registered"))?;
    let origin = match registration.address(parse_url, called, config)? {
        Address::Ours(origin) => origin,
        Address::Unproven(origin) if proof::is_given(config, &origin).await => origin,
        Address::Unproven(origin) => return Err(register_body::not_ours(&origin)),
    };
    let settings = registration.settings(origin, source)?;
    let differences = if registration.dry_run {
        None
    } else {
        Some(put(&api, &settings).await.map_err(Problem::AdminApi)?)
    };
    Ok(register_body::answer(source, &settings, differences))
}

/// Writes the settings; returns those for which 3scale has a different value.
async fn put(api: &AdminApi<'_>, settings: &Settings) -> Result<Vec<String>, AdminApiError> {
    let json = settings.to_json();
    let mut reply = api.send(Call::PutWebhook { settings: &json }).await?;
    match reply.status {
        200 => Ok(settings.differences(&reply.short_body().await?)),
        422 => {
            let words = webhook::objections(&reply.short_body().await?);
            Err(AdminApiError::new(Code::SettingsRefused, words))
        }
        _ => Err(reply.refusal().await),
    }
}
