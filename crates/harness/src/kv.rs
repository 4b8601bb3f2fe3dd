//! The contents of the Worker's local KV namespace, read with wrangler's own commands.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;
use serde_json::Value;

use crate::deployment::Deployment;
use crate::wrangler;

/// One key with its properties in `wrangler kv key list`.
pub struct Entry {
    /// Its name.
    pub key: String,
    /// Its metadata; null if it has none.
    pub metadata: Value,
    /// When it expires, in Unix seconds.
    pub expiration: Option<i64>,
}

/// All keys of the namespace.
///
/// # Errors
/// When wrangler fails or prints something other than JSON.
pub fn list(deployment: &Deployment, binding: &str) -> anyhow::Result<Vec<Entry>> {
    let output = wrangler::run(&["kv", "key", "list", "--binding", binding], deployment)?;
    let keys: Vec<Value> = json(&output)?;
    let entry = |mut key: Value| {
        Some(Entry {
            key: key.get("name")?.as_str()?.to_owned(),
            expiration: key.get("expiration").and_then(Value::as_i64),
            metadata: key.get_mut("metadata").map(Value::take).unwrap_or_default(),
        })
    };
    keys.into_iter()
        .map(|key| entry(key).context("a key without a name"))
        .collect()
}

/// The values of these keys, as JSON; missing keys are left out.
///
/// # Errors
/// When wrangler fails, or a value is not JSON.
pub fn values(
    deployment: &Deployment,
    binding: &str,
    keys: &[&str],
) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut values = BTreeMap::new();
    // One start of wrangler per hundred keys, which is its limit.
    for keys in keys.chunks(100) {
        let file = deployment
            .folder()
            .join(format!("keys-{:016x}.json", fastrand::u64(..)));
        fs::write(&file, serde_json::to_string(keys)?)?;
        let file = file.display().to_string();
        let output = wrangler::run(
            &["kv", "bulk", "get", &file, "--binding", binding],
            deployment,
        )?;
        let found: BTreeMap<String, Value> = json(&output)?;
        for (key, found) in found {
            // A missing key is listed all the same, without a value.
            let Some(text) = found.get("value").and_then(Value::as_str) else {
                continue;
            };
            let value =
                serde_json::from_str(text).with_context(|| format!("{key} holds {text:?}"))?;
            values.insert(key, value);
        }
    }
    Ok(values)
}

/// wrangler may print a banner first.
fn json<T: serde::de::DeserializeOwned>(output: &str) -> anyhow::Result<T> {
    let begin = output.find(['[', '{']).unwrap_or_default();
    serde_json::from_str(output.get(begin..).unwrap_or_default())
        .with_context(|| format!("not JSON: {output}"))
}
