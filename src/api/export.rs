//! `GET /api/v1/events.ndjson`: a line for each event, as it is read. An inbox that fails ends the connection before its
//! end, so that nobody takes a part for the whole.

use edge_core::{
    api::export::{Merge, Step},
    config::Config,
    messages::events::ExportEvents,
    name::SourceName,
    problem::Problem,
};
use futures_util::stream;
use worker::{Env, Headers, Response, Result};

use super::unavailable;
use crate::{inbox::client::Inbox, log};

const MEDIA_TYPE: &str = "application/x-ndjson";
/// Lines are sent together from this size on.
const CHUNK: usize = 64 << 10;

struct Export {
    inboxes: Vec<Inbox>,
    events: ExportEvents,
    merge: Merge,
    has_ended: bool,
}

pub(crate) fn stream(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    events: ExportEvents,
) -> std::result::Result<Response, Problem> {
    let response = respond(env, config, source, events);
    response.map_err(|error| unavailable(&error))
}

fn respond(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    events: ExportEvents,
) -> Result<Response> {
    let mut inboxes = Vec::new();
    for source in config.chosen(source.map(SourceName::as_str)) {
        inboxes.extend(Inbox::all(env, source)?);
    }
    let export = Export {
        merge: Merge::of(inboxes.len()),
        inboxes,
        events,
        has_ended: false,
    };
    let lines = stream::try_unfold(export, |mut export| async move {
        let chunk = export.next_lines().await;
        let chunk = chunk.inspect_err(|error| log::error("exporting events", error))?;
        Ok::<_, worker::Error>(chunk.map(|chunk| (chunk, export)))
    });
    let headers = Headers::new();
    headers.set("content-type", MEDIA_TYPE)?;
    headers.set("cache-control", "no-store")?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(Response::from_stream(lines)?.with_headers(headers))
}

impl Export {
    /// Some more lines; `None` at the end.
    async fn next_lines(&mut self) -> Result<Option<Vec<u8>>> {
        if self.has_ended {
            return Ok(None);
        }
        let mut lines = Vec::new();
        while lines.len() < CHUNK {
            match self.merge.step() {
                Step::Event(event) => {
                    lines.extend_from_slice(event.event.get().as_bytes());
                    lines.push(b'\n');
                }
                Step::Ask(index, before) => {
                    let inbox = self.inboxes.get(index).ok_or("there is no such inbox")?;
                    let mut events = self.events.clone();
                    events.before = before.or(events.before);
                    let page = inbox.ask(events).await?;
                    self.merge.take(index, page);
                }
                Step::End => {
                    self.has_ended = true;
                    break;
                }
            }
        }
        Ok((!lines.is_empty()).then_some(lines))
    }
}
