//! workerd alone: the same runtime without wrangler's proxies and inspector, which make a request several times as slow
//! and a start some seconds longer. For many requests, and many starts.
//!
//! Its configuration is generated from the deployment's. KV, queues and services are wrangler's own simulations and are
//! not available.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use anyhow::Context;
use serde_json::Value;
use toml::Table;

use crate::deployment::{Deployment, project};
use crate::process::{Log, Process};

/// Starts it on this port and waits until it listens. The output is appended to `log`.
///
/// # Errors
/// When it ends or does not listen in time; the message has its output.
pub fn serve(deployment: &Deployment, port: u16, log: &Log) -> anyhow::Result<Process> {
    fs::create_dir_all(deployment.state())?;
    let config = deployment.folder().join("workerd.capnp");
    fs::write(&config, configuration(deployment, port)?)?;
    let mut command = Command::new(project().join("node_modules/workerd/bin/workerd"));
    // With this, it reports on its standard output, among the Worker's own lines, when it listens.
    command.arg("serve").arg(&config).arg("--control-fd=1");
    let listens = |output: &str| output.contains(r#""event":"listen""#);
    Process::start(&command, Some(deployment.folder()), port, log, listens)
}

/// The contents of `wrangler.toml` and `.dev.vars`, in workerd's own language.
fn configuration(deployment: &Deployment, port: u16) -> anyhow::Result<String> {
    let config: Table = fs::read_to_string(deployment.config())?.parse()?;
    let date = config
        .get("compatibility_date")
        .and_then(toml::Value::as_str)
        .context("no compatibility_date")?;
    let flags = config
        .get("compatibility_flags")
        .and_then(|flags| flags.as_array());
    let flags: Vec<_> = flags
        .into_iter()
        .flatten()
        .filter_map(|flag| Some(quoted(flag.as_str()?)))
        .collect();
    let flags = flags.join(", ");
    let mut bindings = String::new();
    let variables = config.get("vars").and_then(toml::Value::as_table);
    for (name, value) in variables.into_iter().flatten() {
        match value {
            toml::Value::String(text) => binding(&mut bindings, name, "text", text)?,
            other => {
                let json = serde_json::to_string(other)?;
                binding(&mut bindings, name, "json", &json)?;
            }
        }
    }
    let secrets: Table = fs::read_to_string(deployment.secrets())?.parse()?;
    for (name, value) in &secrets {
        let text = value.as_str().context("a secret is text")?;
        binding(&mut bindings, name, "text", text)?;
    }
    let mut objects = String::new();
    for (name, class) in objects_of(&config) {
        binding(&mut bindings, name, "durableObjectNamespace", class)?;
        let key = quoted(&format!("threescale-edge-{class}"));
        writeln!(
            objects,
            "    (className = {}, uniqueKey = {key}, enableSql = true),",
            quoted(class)
        )?;
    }
    let assets = config.get("assets").and_then(toml::Value::as_table);
    let mut services = String::new();
    if let Some(assets) = assets {
        // No router in front of the Worker, which would cost each request: it fetches them by its binding.
        let folder = assets.get("directory").and_then(toml::Value::as_str);
        let folder = deployment
            .folder()
            .join(folder.context("no directory of assets")?);
        let folder = quoted(&folder.display().to_string());
        writeln!(
            services,
            "    (name = \"assets\", disk = (path = {folder})),"
        )?;
        if let Some(name) = assets.get("binding").and_then(toml::Value::as_str) {
            binding(&mut bindings, name, "service", "assets")?;
        }
    }
    let modules = modules(deployment, &config)?;
    let state = quoted(&deployment.state().display().to_string());
    Ok(format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "state", disk = (path = {state}, writable = true)),
{services}  ],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")],
);

const main :Workerd.Worker = (
  compatibilityDate = "{date}",
  compatibilityFlags = [{flags}],
  modules = [
{modules}  ],
  bindings = [
{bindings}  ],
  durableObjectNamespaces = [
{objects}  ],
  durableObjectStorage = (localDisk = "state"),
);
"#
    ))
}

/// The bindings of its Durable Objects, each with its class.
fn objects_of(config: &Table) -> impl Iterator<Item = (&str, &str)> {
    let objects = config
        .get("durable_objects")
        .and_then(|objects| objects.get("bindings")?.as_array());
    objects.into_iter().flatten().filter_map(|object| {
        Some((
            object.get("name")?.as_str()?,
            object.get("class_name")?.as_str()?,
        ))
    })
}

/// The module that `main` names, and then those beside it. Their paths are relative to the configuration's file.
fn modules(deployment: &Deployment, config: &Table) -> anyhow::Result<String> {
    let main = config
        .get("main")
        .and_then(toml::Value::as_str)
        .context("no main")?;
    let main = deployment.folder().join(main);
    let folder = main.parent().context("main is a file")?;
    let mut files = vec![];
    for entry in fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort_by_key(|file| (*file != main, file.clone()));
    let mut modules = String::new();
    for file in files {
        let kind = match file.extension().and_then(|extension| extension.to_str()) {
            Some("js") => "esModule",
            Some("wasm") => "wasm",
            _ => continue,
        };
        let name = file.strip_prefix(folder)?.display().to_string();
        let path = file
            .strip_prefix(deployment.folder())?
            .display()
            .to_string();
        let (name, path) = (quoted(&name), quoted(&path));
        writeln!(modules, "    (name = {name}, {kind} = embed {path}),")?;
    }
    Ok(modules)
}

fn binding(bindings: &mut String, name: &str, kind: &str, value: &str) -> std::fmt::Result {
    let value = quoted(value);
    writeln!(bindings, "    (name = \"{name}\", {kind} = {value}),")
}

/// Cap'n Proto's text literals have the same escapes as JSON, for the characters needed here.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
