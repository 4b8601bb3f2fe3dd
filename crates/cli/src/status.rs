//! `threescale-edge status`: what is wrong, in sentences, and what to do.
#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON object lacks is null"
)]

use std::process::ExitCode;

use edge_core::{
    api::answer::{SourceList, Sources},
    messages::recovery::State,
    state::DestinationHealth,
};
use serde_json::{Value, json};

use crate::{
    api::Api,
    operators::{time, word},
    show::{Show, println},
};

pub(crate) fn run(api: &Api, show: Show) -> anyhow::Result<ExitCode> {
    let health = api.health()?;
    let sources: SourceList = api.get("/sources", &[])?;
    let destinations: Sources = api.get("/destinations", &[])?;
    let mut wrong = mistakes(&health);
    wrong.extend(of_sources(&sources));
    wrong.extend(of_destinations(&destinations));
    let code = if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    if show.is_json() {
        let is_ok = wrong.is_empty();
        show.value(&json!({
            "ok": is_ok, "wrong": wrong, "health": health, "sources": sources.sources, "destinations": destinations.sources,
        }))?;
        return Ok(code);
    }
    let version = health["version"]
        .as_str()
        .unwrap_or("of an unknown version");
    println(&format!("{} is threescale-edge {version}", api.address()));
    for source in &sources.sources {
        println(&format!(
            "source {}: {} events, the last at {}",
            source.name,
            source.events,
            time(source.last_received_at)
        ));
    }
    for source in &destinations.sources {
        for one in &source.destinations {
            println(&format!(
                "{} → {}: {}, {} waiting, {} delivered",
                source.source,
                one.name,
                word(&one.state),
                one.waiting,
                one.delivered
            ));
        }
    }
    for warning in health["warnings"].as_array().into_iter().flatten() {
        println(&format!("warning: {}", finding(warning)));
    }
    if wrong.is_empty() {
        println("Nothing is wrong.");
    }
    for what in wrong {
        println(&format!("WRONG: {what}"));
    }
    Ok(code)
}

fn finding(finding: &Value) -> String {
    match finding {
        Value::String(text) => text.clone(),
        other => {
            let texts = other.as_object().into_iter().flatten();
            let texts: Vec<_> = texts.filter_map(|(_, value)| value.as_str()).collect();
            texts.join(": ")
        }
    }
}

fn mistakes(health: &Value) -> Vec<String> {
    let mistakes = health["mistakes"].as_array().into_iter().flatten();
    mistakes
        .map(|one| format!("the configuration: {}", finding(one)))
        .collect()
}

fn of_sources(all: &SourceList) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in &all.sources {
        let name = &source.name;
        if source.closed {
            wrong.push(format!(
                "source {name} takes nothing in: its configuration has a mistake"
            ));
        }
        if source.silent == Some(true) {
            wrong.push(format!(
                "source {name} has been silent since {}",
                time(source.last_received_at)
            ));
        }
        if source.quarantined > 0 {
            wrong.push(format!(
                "source {name} has {} bodies in the quarantine: threescale-edge quarantine list --source {name}",
                source.quarantined
            ));
        }
        if let Some(step) = &source.recovery
            && matches!(step.state, State::Failed(_))
        {
            let detail = step.detail.as_deref().unwrap_or_default();
            wrong.push(format!(
                "recovery of source {name} failed: {} {detail}",
                word(&step.state)
            ));
        }
    }
    wrong
}

fn of_destinations(all: &Sources) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in &all.sources {
        for one in &source.destinations {
            let what = format!("{} → {}", source.source, one.name);
            match one.state {
                DestinationHealth::Open => wrong.push(format!(
                    "{what}: the breaker is open after {} failures, {} wait; the next probe is at {}",
                    one.failures_in_a_row,
                    one.waiting,
                    time(one.next_probe_at)
                )),
                DestinationHealth::Paused => wrong.push(format!(
                    "{what}: paused, {} wait: threescale-edge resume {}",
                    one.waiting, one.name
                )),
                DestinationHealth::Removed => wrong.push(format!(
                    "{what}: no longer configured, and {} deliveries are left",
                    one.waiting.saturating_add(one.dead)
                )),
                DestinationHealth::Failing | DestinationHealth::Ok => {}
            }
            if one.dead > 0 && one.state != DestinationHealth::Removed {
                wrong.push(format!(
                    "{what}: {} dead letters: threescale-edge replay --state dead --destination {}",
                    one.dead, one.name
                ));
            }
        }
    }
    wrong
}
