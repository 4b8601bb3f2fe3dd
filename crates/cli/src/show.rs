//! What is printed: things that happen on the standard output, the state of the connection on the standard error. With
//! `--json`, everything is a line of JSON on the standard output.

use std::io::{IsTerminal as _, Write as _};

use edge_core::{
    id::EventId,
    messages::{events::EventSummary, feed::FeedItem},
    name::DestinationName,
    state::DeliveryState,
};
use serde_json::{Value, json};

use crate::forward::Outcome;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Show {
    json: bool,
    colour: bool,
}

#[derive(Debug, Clone, Copy)]
enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
    Grey = 90,
}

impl Show {
    pub(crate) fn new(json: bool) -> Self {
        let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = !wants_none && std::io::stdout().is_terminal();
        Self { json, colour }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    fn paint(self, colour: Colour, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{}m{text}\u{1b}[0m", colour as u8)
        } else {
            text.to_owned()
        }
    }

    /// The state of the connection.
    pub(crate) fn connection(self, state: &str, detail: &str) {
        if self.json {
            line(&json!({ "kind": "connection", "state": state, "detail": detail }));
            return;
        }
        let (mark, colour) = match state {
            "connected" | "resumed" => ("●", Colour::Green),
            _ => ("○", Colour::Red),
        };
        error(&format!("{} {state}: {detail}", self.paint(colour, mark)));
    }

    /// A remark for whoever watches.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            error(text);
        }
    }

    /// The secret, when it was made.
    pub(crate) fn secret(self, secret: &str) {
        if self.json {
            line(&json!({ "kind": "listening_secret", "secret": secret }));
        } else {
            error(&format!(
                "The listening secret, with which your service verifies what is forwarded:\n  {secret}\n\
                 It stays the same from now on, and is not printed again: `threescale-edge listen --print-secret` shows it."
            ));
        }
    }

    /// An event that was taken in, or replayed.
    pub(crate) fn item(self, item: &FeedItem) {
        if self.json {
            line(&json!({
                "kind": if item.replayed_at.is_some() { "replay" } else { "event" },
                "replayed_at": item.replayed_at,
                "summary": item.summary,
                "event": item.event,
            }));
            return;
        }
        let time = item.at().to_string();
        let time = time.split('T').nth(1).unwrap_or(&time);
        let what = if item.replayed_at.is_some() {
            self.paint(Colour::Yellow, "replayed ")
        } else {
            String::new()
        };
        println(&format!(
            "{} {what}{}",
            self.paint(Colour::Grey, time),
            self.summary(&item.summary)
        ));
    }

    /// An event in one line.
    pub(crate) fn summary(self, event: &EventSummary) -> String {
        let name = event
            .r#type
            .strip_prefix("net.3scale.")
            .unwrap_or(&event.r#type);
        let object = event.object.as_ref();
        let object = object.map_or_else(String::new, |object| format!(" {object}"));
        let account = event.account.as_ref();
        let account = account.map_or_else(String::new, |account| format!(" of account {account}"));
        let mut text = format!(
            "{} {}{object}{account}  {}",
            event.source,
            self.paint(Colour::Cyan, name),
            self.paint(Colour::Grey, &event.id.to_string())
        );
        let deliveries: Vec<_> = event
            .deliveries
            .iter()
            .map(|(name, state)| format!("{name} {}", self.state(*state)))
            .collect();
        if !deliveries.is_empty() {
            text.push_str("  ");
            text.push_str(&deliveries.join(", "));
        }
        text
    }

    pub(crate) fn state(self, state: DeliveryState) -> String {
        let colour = match state {
            DeliveryState::Delivered => Colour::Green,
            DeliveryState::Waiting => Colour::Yellow,
            DeliveryState::Dead => Colour::Red,
        };
        let name = serde_json::to_value(state).ok();
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        self.paint(colour, name)
    }

    /// A delivery that has changed its state.
    pub(crate) fn delivery(self, id: EventId, name: &DestinationName, state: DeliveryState) {
        if self.json {
            line(&json!({ "kind": "delivery", "id": id, "destination": name, "state": state }));
        } else {
            let id = self.paint(Colour::Grey, &id.to_string());
            println(&format!("  {id}  {name} {}", self.state(state)));
        }
    }

    /// What came of forwarding.
    pub(crate) fn forwarded(self, id: EventId, to: &str, outcome: &Outcome) {
        match outcome {
            Outcome::Taken {
                status,
                ms,
                attempt,
            } if self.json => line(&json!({
                "kind": "forwarded", "id": id, "ok": true, "status": status, "ms": u64::try_from(*ms).ok(), "attempt": attempt,
            })),
            Outcome::GivenUp { why, attempt } if self.json => line(&json!({
                "kind": "forwarded", "id": id, "ok": false, "why": why, "attempt": attempt,
            })),
            Outcome::Taken { status, ms, .. } => println(&format!(
                "  → {to} {} in {ms} ms",
                self.paint(Colour::Green, &status.to_string())
            )),
            Outcome::GivenUp { why, attempt } => println(&format!(
                "  → {to} {}: {why}, {attempt} times. Once it works: threescale-edge listen --since …",
                self.paint(Colour::Red, "given up")
            )),
        }
    }

    /// The local service does not listen.
    pub(crate) fn waiting(self, to: &str, why: &str) {
        if self.json {
            line(&json!({ "kind": "waiting", "for": to, "why": why }));
        } else {
            error(&format!(
                "  → {}: nothing listens at {to} ({why})",
                self.paint(Colour::Yellow, "waiting")
            ));
        }
    }

    /// An attempt that did not succeed, and is not the last.
    pub(crate) fn again(self, why: &str, attempt: u32, attempts: u32) {
        if !self.json {
            error(&format!(
                "  → {why}; attempt {} of {attempts} follows",
                attempt + 1
            ));
        }
    }

    /// JSON as the API answers it, for people with line breaks.
    pub(crate) fn value(self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        let text = if self.json {
            serde_json::to_string(value)?
        } else {
            serde_json::to_string_pretty(value)?
        };
        println(&text);
        Ok(())
    }
}

/// A table.
pub(crate) fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        println(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn line(value: &Value) {
    println(&value.to_string());
}

/// A reader that has gone, such as `head`, ends this program.
pub(crate) fn println(text: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

fn error(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
