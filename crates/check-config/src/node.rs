//! The check as Node.js calls it.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{check, dev_vars};

/// The report as JSON, for `target` `dev` or `deploy`.
///
/// # Errors
/// A text that says why `wrangler.toml` cannot be read.
#[wasm_bindgen]
pub fn inspect(wrangler: &str, dev_vars: &str, target: &str) -> Result<String, String> {
    let report = target
        .parse()
        .and_then(|target| check(wrangler, dev_vars, target))
        .map_err(|error| format!("{error:#}"))?;
    serde_json::to_string(&report).map_err(|error| error.to_string())
}

/// The variables in a file such as `.dev.vars`, as JSON.
///
/// # Errors
/// None is known.
#[wasm_bindgen]
pub fn variables(text: &str) -> Result<String, String> {
    serde_json::to_string(&dev_vars::parse(text)).map_err(|error| error.to_string())
}
