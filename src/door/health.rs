//! `GET /healthz`: whether the configuration is sound, and each mistake in it. Open to all, so it
//! names items and never values.

use serde::Serialize;
use worker::{Response, Result};

use super::json;
use crate::config::{Finding, Setup};

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    version: &'static str,
    mistakes: &'a [Finding],
    warnings: &'a [Finding],
}

pub(super) fn answer(setup: &Setup) -> Result<Response> {
    let sound = setup.config.is_some();
    let health = Health {
        status: if sound { "ok" } else { "misconfigured" },
        version: env!("CARGO_PKG_VERSION"),
        mistakes: &setup.mistakes,
        warnings: &setup.warnings,
    };
    let status = if sound { 200 } else { 503 };
    Ok(json(&serde_json::to_vec(&health)?)?.with_status(status))
}
