//! What operators do from a shell. With `--json` the answer is the API's own.
#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON object lacks is null"
)]

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, bail};
use edge_core::{
    api::{
        answer::{Replay as ReplayAnswer, Sources},
        quarantine::{QuarantinePage, Reparsed, ReparsedPage},
    },
    messages::{
        events::{EventDetails, EventPage, ReplayedEvent},
        quarantine::QuarantinedDetails,
    },
    time::UnixMillis,
};
use serde_json::{Map, Value, json};

use crate::{
    api::Api,
    args::{Action, Events, Quarantine, Register, Replay},
    show::{Show, println, table},
};

pub(crate) fn run(api: &Api, action: Action, show: Show) -> anyhow::Result<()> {
    match action {
        Action::Events(events) => list(api, &events, show),
        Action::Event { id } => event(api, &id, show),
        Action::Replay(replay) => self::replay(api, &replay, show),
        Action::Destinations => destinations(&api.get("/destinations", &[])?, show),
        Action::Pause { name } => destinations(
            &api.post(
                &format!("/destinations/{}/pause", segment(&name)),
                &json!({}),
            )?,
            show,
        ),
        Action::Resume { name } => destinations(
            &api.post(
                &format!("/destinations/{}/resume", segment(&name)),
                &json!({}),
            )?,
            show,
        ),
        Action::Quarantine(quarantine) => self::quarantine(api, quarantine, show),
        Action::Register(register) => self::register(api, &register, show),
        Action::Listen(_) | Action::Status => Ok(()),
    }
}

/// A segment of a path.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

fn list(api: &Api, events: &Events, show: Show) -> anyhow::Result<()> {
    let mut query = events.selection.pairs();
    query.push(("limit", events.limit.to_string()));
    if let Some(cursor) = &events.cursor {
        query.push(("cursor", cursor.clone()));
    }
    let page: EventPage = api.get("/events", &query)?;
    if show.is_json() {
        return show.value(&page);
    }
    for event in &page.events {
        println(&format!("{}  {}", event.received_at, show.summary(event)));
    }
    if page.events.is_empty() {
        show.note("No event is like that.");
    }
    if let Some(cursor) = page.cursor {
        show.note(&format!("More: --cursor {cursor}"));
    }
    Ok(())
}

fn event(api: &Api, id: &str, show: Show) -> anyhow::Result<()> {
    let details: EventDetails = api.get(&format!("/events/{}", segment(id)), &[])?;
    if show.is_json() {
        return show.value(&details);
    }
    show.value(&serde_json::from_str::<Value>(details.event.get())?)?;
    println(&format!(
        "\nfrom {}, received at {}, repeated by 3scale {} times",
        details.source, details.received_at, details.repeats
    ));
    for (what, id) in [("previous", details.previous), ("next", details.next)] {
        if let Some(id) = id {
            println(&format!("{what} event of the object: {id}"));
        }
    }
    for delivery in &details.deliveries {
        let next = delivery
            .next_attempt_at
            .map_or_else(String::new, |at| format!(", next attempt at {at}"));
        println(&format!(
            "\n{}: {}{next}",
            delivery.destination,
            show.state(delivery.state)
        ));
        for attempt in &delivery.attempts {
            let status = attempt
                .status
                .map_or_else(String::new, |status| format!(" {status}"));
            let detail = attempt
                .detail
                .as_ref()
                .map_or_else(String::new, |detail| format!(": {detail}"));
            println(&format!(
                "  {}  {}{status} in {} ms{detail}",
                attempt.at, attempt.outcome, attempt.ms
            ));
        }
    }
    Ok(())
}

fn replay(api: &Api, replay: &Replay, show: Show) -> anyhow::Result<()> {
    let mut body = Map::new();
    if !replay.send_to.is_empty() {
        body.insert("destinations".to_owned(), json!(replay.send_to));
    }
    if let Some(id) = &replay.id {
        let path = format!("/events/{}/replay", segment(id));
        let replayed: ReplayedEvent = api.post(&path, &Value::Object(body))?;
        if show.is_json() {
            return show.value(&replayed);
        }
        println(&format!(
            "{} is sent to {} destinations again.",
            replayed.id, replayed.deliveries
        ));
        return Ok(());
    }
    let pairs = replay.selection.pairs();
    if pairs.is_empty() && !replay.all {
        bail!("say which events: an id, a filter, or --all");
    }
    body.extend(
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into())),
    );
    if replay.all {
        body.insert("all".to_owned(), true.into());
    }
    let counted = || -> anyhow::Result<ReplayAnswer> {
        let mut body = body.clone();
        body.insert("dry_run".to_owned(), true.into());
        Ok(api.post("/replays", &Value::Object(body))?)
    };
    if replay.dry_run || !replay.yes {
        let count = counted()?;
        if replay.dry_run && show.is_json() {
            return show.value(&count);
        }
        if let ReplayAnswer::Counted {
            events, deliveries, ..
        } = count
        {
            show.note(&format!("{events} events, {deliveries} deliveries."));
        }
        if replay.dry_run {
            return Ok(());
        }
        confirm("Deliver them again?")?;
    }
    let begun: ReplayAnswer = api.post("/replays", &Value::Object(body))?;
    if show.is_json() {
        return show.value(&begun);
    }
    if let ReplayAnswer::Begun { id, events } = begun {
        println(&format!("Replay {id} of {events} events has begun."));
    }
    Ok(())
}

fn destinations(all: &Sources, show: Show) -> anyhow::Result<()> {
    if show.is_json() {
        return show.value(all);
    }
    let heads = [
        "source",
        "destination",
        "state",
        "waiting",
        "delivered",
        "dead",
        "oldest waiting",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for source in &all.sources {
        for one in &source.destinations {
            rows.push(vec![
                source.source.to_string(),
                one.name.to_string(),
                word(&one.state),
                one.waiting.to_string(),
                one.delivered.to_string(),
                one.dead.to_string(),
                time(one.oldest_waiting_at),
            ]);
        }
    }
    table(&rows);
    Ok(())
}

fn quarantine(api: &Api, quarantine: Quarantine, show: Show) -> anyhow::Result<()> {
    match quarantine {
        Quarantine::List {
            source,
            code,
            cursor,
        } => {
            let pairs = [("source", source), ("code", code), ("cursor", cursor)];
            let pairs = pairs
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            let page: QuarantinePage = api.get("/quarantine", &pairs.collect::<Vec<_>>())?;
            if show.is_json() {
                return show.value(&page);
            }
            let heads = ["id", "source", "last", "times", "code", "detail"];
            let mut rows = vec![heads.map(str::to_owned).to_vec()];
            for body in &page.bodies {
                rows.push(vec![
                    body.id.to_string(),
                    body.source.to_string(),
                    body.last_at.to_string(),
                    body.times.to_string(),
                    body.code.clone(),
                    body.detail.clone(),
                ]);
            }
            table(&rows);
            if let Some(cursor) = page.cursor {
                show.note(&format!("More: --cursor {cursor}"));
            }
            Ok(())
        }
        Quarantine::Show { id } => {
            let body: QuarantinedDetails =
                api.get(&format!("/quarantine/{}", segment(&id)), &[])?;
            show.value(&body)
        }
        Quarantine::Reparse { id: Some(id), .. } => {
            let path = format!("/quarantine/{}/reparse", segment(&id));
            let result: Reparsed = api.post(&path, &json!({}))?;
            reparsed(&[result], show)
        }
        Quarantine::Reparse { code, source, .. } => {
            let mut all = Vec::new();
            let mut body = json!({ "code": code });
            if let Some(source) = source {
                body["source"] = source.into();
            }
            loop {
                let page: ReparsedPage = api.post("/quarantine/reparse", &body)?;
                all.extend(page.results);
                match page.cursor {
                    Some(cursor) => body["cursor"] = cursor.to_string().into(),
                    None => return reparsed(&all, show),
                }
            }
        }
        Quarantine::Drop { id } => {
            let dropped = api.delete(&format!("/quarantine/{}", segment(&id)))?;
            if show.is_json() {
                return show.value(&dropped);
            }
            println(&format!("{id} is dropped."));
            Ok(())
        }
    }
}

fn reparsed(all: &[Reparsed], show: Show) -> anyhow::Result<()> {
    if show.is_json() {
        return show.value(&all);
    }
    for one in all {
        let event = one
            .event
            .map_or_else(String::new, |id| format!("  event {id}"));
        let detail = one
            .detail
            .as_ref()
            .map_or_else(String::new, |detail| format!("  {detail}"));
        println(&format!("{}  {}{event}{detail}", one.id, one.status));
    }
    Ok(())
}

/// Shows the settings, asks, writes them.
fn register(api: &Api, register: &Register, show: Show) -> anyhow::Result<()> {
    let mut body: Map<String, Value> =
        serde_json::from_str(&register.options).context("--options has to be a JSON object")?;
    body.entry("url").or_insert_with(|| api.address().into());
    let path = format!("/sources/{}/register", segment(&register.source));
    if !register.yes {
        let mut dry = body.clone();
        dry.insert("dry_run".to_owned(), true.into());
        let settings: Value = api.post(&path, &Value::Object(dry))?;
        show.note("These settings will be written to 3scale:");
        show.value(&settings)?;
        confirm("Set this in 3scale?")?;
    }
    let answer: Value = api.post(&path, &Value::Object(body))?;
    show.value(&answer)?;
    if answer["confirmed"] != true && answer["dry_run"] != true {
        bail!("3scale has not confirmed all of it: see \"confirmed\" above");
    }
    show.note("3scale has confirmed it. Its button Ping! says whether it can reach this Worker.");
    Ok(())
}

fn confirm(question: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody can be asked here: say --yes");
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() != "y" {
        bail!("nothing was done");
    }
    Ok(())
}

/// A state, in the API's word.
pub(crate) fn word(state: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(state).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn time(at: Option<UnixMillis>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}
