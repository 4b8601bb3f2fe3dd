//! The documents that were accepted, as destinations of each kind got them: each event as it has to be, or the word that
//! it can never be sent there.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use harness::fixtures::origin::Request;
use harness::fixtures::worker::Setup;

use crate::arena::{Arena, SIGNING};
use crate::tally::{Tally, Verdict};

/// Destinations beside the good one, whose path at its origin is their name, with settings that hostile text might get
/// around.
const KINDS: [(&str, &str); 4] = [
    ("binary", "format = \"cloudevents-binary\""),
    ("xml", "format = \"xml\""),
    ("ordered", "ordered = true"),
    ("redacted", "redact = [\"keys\", \"user_key\", \"email\"]"),
];
/// Settled soon after the good origin has everything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Adds them. The origin is started later than the setup is made, so its URL is an argument.
pub(crate) fn destinations(setup: Setup, origin: &str) -> Setup {
    KINDS.iter().fold(setup, |setup, (name, settings)| {
        setup.origin_of(name, &format!("{origin}/{name}"), SIGNING, settings)
    })
}

/// Waits for all of these events, at each destination.
pub(crate) async fn hold(arena: &Arena, accepted: &BTreeSet<String>, tally: &mut Tally) {
    let delivered = arena.delivered(accepted).await;
    for request in delivered.as_deref().unwrap_or_default() {
        let what = format!("the event {}", request.header("webhook-id"));
        tally.holds_against(&what, is_sound(request), &request.body);
    }
    tally.holds("what was accepted is delivered", delivered.map(|_| ()));
    for (name, _) in KINDS {
        let verdict = is_settled(arena, accepted, name).await;
        tally.holds(
            &format!("what was accepted is delivered to {name}"),
            verdict,
        );
    }
}

/// A signed CloudEvent, as its schema says.
fn is_sound(request: &Request) -> Verdict {
    if !request.is_signed_with(SIGNING) {
        return Err("the signature is wrong".to_owned());
    }
    let event =
        serde_json::from_slice::<Value>(&request.body).map_err(|error| error.to_string())?;
    if event.get("id").and_then(Value::as_str) != Some(request.header("webhook-id")) {
        return Err("it has two ids".to_owned());
    }
    // It says what is wrong by a panic.
    catch_unwind(AssertUnwindSafe(|| request.is_as_its_schema_says()))
        .map_err(|_| "not as its schema says".to_owned())
}

/// Each event is there, or a dead letter because of what it is. None waits, and none holds up another.
async fn is_settled(arena: &Arena, accepted: &BTreeSet<String>, name: &str) -> Verdict {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let received = arena.good.received(&format!("/{name}"));
        let there: BTreeSet<_> = received
            .iter()
            .map(|request| request.header("webhook-id"))
            .collect();
        let mut missing = None;
        for id in accepted.iter().filter(|id| !there.contains(id.as_str())) {
            let event = arena.api("GET", &format!("/events/{id}"), "").await?.json();
            let deliveries = event.get("deliveries").and_then(Value::as_array);
            let delivery = deliveries
                .into_iter()
                .flatten()
                .find(|delivery| delivery.get("destination").and_then(Value::as_str) == Some(name));
            let delivery = delivery.cloned().unwrap_or_default();
            let outcome = delivery.pointer("/attempts/0/outcome");
            if outcome.and_then(Value::as_str) != Some("unsendable") {
                missing = Some(format!("{id}: {delivery}"));
                break;
            }
        }
        match missing {
            None => return Ok(()),
            Some(missing) if Instant::now() > deadline => return Err(missing),
            Some(_) => sleep(Duration::from_millis(500)).await,
        }
    }
}
