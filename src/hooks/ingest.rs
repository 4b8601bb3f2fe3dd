//! A notification on its way in: read, understood, and handed to the inbox. It is answered with
//! success only when the inbox has committed it.

use edge_core::{
    config::{Config, Source},
    hooks::{admission::Caller, media_type::MediaType},
    messages::{Intake, Receipt, Status, Suspect},
    problem::Problem,
};
use threescale::{Limits, Notification, form};
use worker::{Env, Request};

use crate::{
    http::body,
    inbox::client::Inbox,
    log::{self, Ingest},
};

/// Takes a notification in. What is learnt of it goes into the log's `line`.
pub(super) async fn ingest(
    mut request: Request,
    base: String,
    env: &Env,
    caller: &Caller<'_>,
    line: &mut Ingest<'_>,
) -> Result<Receipt, Problem> {
    let Caller { config, source, .. } = *caller;
    let content_type = request
        .headers()
        .get("content-type")
        .ok()
        .flatten()
        .unwrap_or_default();
    let media_type = MediaType::of(&content_type).ok_or(Problem::UnsupportedMediaType)?;
    let body = body::read(&mut request, config.max_body_bytes).await?;
    line.bytes = Some(body.len());

    match understand(&body, media_type, config, source, base) {
        Ok((mut intake, xml)) => {
            intake.old_secret = caller.old_secret;
            let inbox = Inbox::of_account(env, source, intake.account.as_deref())
                .map_err(|error| unavailable(&error))?;
            let receipt = inbox
                .take_in(&intake, &xml)
                .await
                .map_err(|error| unavailable(&error))?;
            line.kind = Some(format!("{}.{}", intake.kind, intake.action));
            line.object = intake.object;
            line.id = Some(receipt.id.clone());
            match receipt.status {
                Status::Accepted => "accepted",
                Status::Duplicate => "duplicate",
            }
            .clone_into(&mut line.outcome);
            Ok(receipt)
        }
        Err(error) => {
            let suspect = Suspect::of(&error, media_type.name());
            Inbox::first(env, source)
                .map_err(|error| unavailable(&error))?
                .quarantine(&suspect, &body)
                .await
                .map_err(|error| unavailable(&error))?;
            Err(Problem::Unreadable(error))
        }
    }
}

/// What the inbox needs to know of a document, and the document.
fn understand(
    body: &[u8],
    media_type: MediaType,
    config: &Config,
    source: &Source,
    base: String,
) -> Result<(Intake, Vec<u8>), threescale::Error> {
    let xml = match media_type {
        MediaType::Xml => body.to_vec(),
        MediaType::Form => form::notification_xml(body)?,
    };
    let limits = Limits {
        bytes: config.max_body_bytes,
        ..Limits::default()
    };
    let notification = Notification::parse_with(&xml, &limits)?;
    let intake = Intake::of(&notification, &source.name, base);
    drop(notification);
    Ok((intake, xml))
}

/// The reason is for the operator; 3scale only has to try again.
fn unavailable(error: &worker::Error) -> Problem {
    log::trouble("handing over to the inbox", error);
    Problem::Unavailable
}
