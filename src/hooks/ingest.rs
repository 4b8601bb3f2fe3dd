//! An incoming notification: read, parsed, and handed to the inbox. It is answered with success only once the inbox has
//! committed it.

use edge_core::{
    config::{Config, Source},
    hooks::{admission::Caller, media_type::MediaType},
    messages::{
        document::Document,
        intake::{Intake, Push, Quarantine, Receipt, Unparsable},
    },
    problem::Problem,
};
use js_sys::Uint8Array;
use threescale::{Limits, Notification, form};
use worker::{Env, web_sys::Request};

use crate::{
    http::body,
    inbox::client::Inbox,
    log::{self, Ingest},
};

/// Handles a notification, and records its properties in the log's `line`.
pub(super) async fn ingest(
    request: &Request,
    base: String,
    env: &Env,
    caller: &Caller<'_>,
    line: &mut Ingest<'_>,
) -> Result<Receipt, Problem> {
    let Caller { config, source, .. } = *caller;
    let header = |name| request.headers().get(name).ok().flatten();
    let media_type = MediaType::of_request(
        header("content-type").as_deref(),
        header("content-encoding").as_deref(),
    )?;
    let body = body::read(request, config.max_body_bytes).await?;
    line.bytes = Some(body.bytes.len());

    match parse(&body.bytes, media_type, config, source, base) {
        Ok((intake, document)) => {
            let push = Push {
                intake,
                old_secret: caller.old_secret,
            };
            let document = match document {
                Some(bytes) => Uint8Array::from(bytes.as_slice()),
                None => body.into_js(),
            };
            line.kind = Some(format!("{}.{}", push.intake.kind, push.intake.action));
            line.object.clone_from(&push.intake.object);
            let receipt = hand_over(env, source, &push, &document)
                .await
                .map_err(|error| unavailable(&error))?;
            line.id = Some(receipt.id);
            line.outcome = receipt.status.as_str();
            Ok(receipt)
        }
        Err(error) => {
            let quarantine = Quarantine {
                unparsable: Unparsable::of(&error, media_type.name()),
                body: Document(body.bytes),
            };
            keep(env, source, quarantine)
                .await
                .map_err(|error| unavailable(&error))?;
            Err(Problem::Unreadable(error))
        }
    }
}

/// The facts about a document that the inbox needs, and the document where it is not the body itself.
fn parse(
    body: &[u8],
    media_type: MediaType,
    config: &Config,
    source: &Source,
    base: String,
) -> Result<(Intake, Option<Vec<u8>>), threescale::Error> {
    let document = match media_type {
        MediaType::Xml => None,
        MediaType::Form => Some(form::notification_xml(body)?),
    };
    let limits = Limits {
        bytes: config.max_body_bytes,
        ..Limits::default()
    };
    let xml = document.as_deref().unwrap_or(body);
    let notification = Notification::parse_with(xml, &limits)?;
    Ok((Intake::of(&notification, &source.name, base), document))
}

async fn hand_over(
    env: &Env,
    source: &Source,
    push: &Push,
    document: &Uint8Array,
) -> worker::Result<Receipt> {
    let account = push.intake.account.as_deref();
    let inbox = Inbox::of_account(env, source, account)?;
    inbox.push(push, document).await
}

async fn keep(env: &Env, source: &Source, quarantine: Quarantine) -> worker::Result<()> {
    Inbox::first(env, source)?.ask(quarantine).await
}

/// The reason is for the operator; 3scale only has to retry.
fn unavailable(error: &worker::Error) -> Problem {
    log::error("handing over to the inbox", error);
    Problem::Unavailable
}
