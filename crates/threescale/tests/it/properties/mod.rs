//! Properties of all documents, tested on generated ones.

mod changes;
mod inputs;
mod json;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use threescale::{Limits, Notification, Redact, failures, form};

use super::bodies;
use super::model::objects::{Generated, notification};
use super::model::text::any_name;
use super::model::{Element, Inside};
use super::schemas::mistakes;
use changes::{apply, change};
use inputs::{any_tree, limits, token};
use json::{Unique, all_hidden, holds, texts};

fn data(notification: &Notification<'_>, redact: &Redact) -> String {
    let mut out = Vec::new();
    notification.write_data(&mut out, redact);
    String::from_utf8(out).unwrap()
}

fn digest(document: &str) -> threescale::Digest {
    Notification::parse(document.as_bytes())
        .unwrap()
        .digest("acme")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_notification_becomes_the_json_that_the_guide_requires(generated in notification()) {
        let Generated { kind, document, data: expected } = generated;
        let body = document.pushed();
        let notification = Notification::parse(body.as_bytes()).unwrap();
        let json = data(&notification, &Redact::none());
        prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), expected.clone(), "{}", body);
        prop_assert_eq!(mistakes(&expected), Vec::<String>::new());

        let object = &expected["object"];
        let text = |name: &str| match &object[name] {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        prop_assert_eq!(notification.type_name(), kind);
        prop_assert_eq!(notification.object_id().map(|id| id.to_string()), text("id"));
        let account = match kind { "account" => "id", "user" => "account_id", _ => "user_account_id" };
        prop_assert_eq!(notification.account_id().map(|id| id.to_string()), text(account));
        prop_assert_eq!(notification.updated_at().map(|time| time.to_string()), text("updated_at"));
    }

    #[test]
    fn a_redacted_event_shows_nothing_and_is_valid(generated in notification(), name in any_name()) {
        let body = generated.document.pushed();
        let notification = Notification::parse(body.as_bytes()).unwrap();
        let json: Value = serde_json::from_str(&data(&notification, &Redact::new([name.clone()]))).unwrap();
        prop_assert_eq!(mistakes(&json), Vec::<String>::new());
        prop_assert!(all_hidden(&json["object"], &name, false), "{} in {}", name, json);
    }

    #[test]
    fn a_document_that_is_written_otherwise_is_the_same_event(generated in notification()) {
        let pushed = generated.document.pushed();
        prop_assert_eq!(digest(&pushed), digest(&generated.document.listed()));
        prop_assert_eq!(digest(&pushed), digest(&pushed.replace("><", "><!-- --><?x?><")));
        prop_assert_eq!(digest(&pushed), digest(&pushed.replace("/>", "\n/>")));
        let list = format!("<webhooks-failures><webhooks-failure><id>1</id><time>2026-08-21T10:53:29Z</time>\
            <error/><url/>{}</webhooks-failure></webhooks-failures>", generated.document.listed());
        let entry = failures::parse(list.as_bytes()).unwrap().remove(0);
        prop_assert_eq!(digest(&pushed), entry.into_failure().unwrap().notification().unwrap().digest("acme"));
    }

    #[test]
    fn a_document_of_another_meaning_is_another_event(
        generated in notification(), change in change(), at in any::<Index>(),
    ) {
        let mut changed = generated.document.clone();
        apply(&change, at, &mut changed);
        let same = changed.meaning() == generated.document.meaning();
        // The changed document may be no notification. If it is one, it must not pass for another.
        if let Ok(notification) = Notification::parse(changed.pushed().as_bytes()) {
            prop_assert_eq!(notification.digest("acme") == digest(&generated.document.pushed()), same, "{:?}", change);
        }
    }

    #[test]
    fn any_tree_becomes_json_that_keeps_every_text(tree in any_tree(), kind in any_name()) {
        let kind = kind.replace([':', 'é'], "_");
        let body = Element::block("event", vec![
            Element::text("type", &kind), Element::text("action", "x"), Element::block("object", vec![tree.clone()]),
        ]).pushed();
        let json = data(&Notification::parse(body.as_bytes()).unwrap(), &Redact::none());
        serde_json::from_str::<Unique>(&json).unwrap();
        let value: Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(mistakes(&value), Vec::<String>::new(), "{} {}", body, json);
        // Times would be missing, since they become UTC, but no generated text is a time.
        let mut missing = Vec::new();
        texts(&tree.meaning(), &mut |text| {
            if !holds(&value["object"], text) {
                missing.push(text.to_owned());
            }
        });
        prop_assert_eq!(missing, Vec::<String>::new(), "{} {}", body, json);
    }

    #[test]
    fn wider_limits_accept_no_less(generated in notification(), limits in limits(), wider in limits()) {
        let body = generated.document.pushed();
        let wider = Limits {
            bytes: limits.bytes.max(wider.bytes),
            depth: limits.depth.max(wider.depth),
            attributes: limits.attributes.max(wider.attributes),
            elements: limits.elements.max(wider.elements),
            text: limits.text.max(wider.text),
        };
        match Notification::parse_with(body.as_bytes(), &limits) {
            Ok(_) => prop_assert!(Notification::parse_with(body.as_bytes(), &wider).is_ok()),
            Err(error) => prop_assert_eq!(error.code(), "limit_exceeded"),
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>(), chunk in 1..50_usize) {
        read_everything(&bytes, chunk);
    }

    #[test]
    fn any_markup_is_read_without_a_panic(tokens in prop::collection::vec(token(), 0..40), chunk in 1..50_usize) {
        read_everything(tokens.concat().as_bytes(), chunk);
    }

    #[test]
    fn damaged_samples_are_read_without_a_panic(
        which in any::<Index>(), damage in prop::collection::vec((any::<Index>(), token(), any::<u8>()), 1..4),
    ) {
        let bodies = bodies();
        let mut body = bodies[which.index(bodies.len())].1.clone();
        for (at, token, kind) in damage {
            if body.is_empty() {
                break;
            }
            let at = at.index(body.len());
            match kind % 4 {
                0 => drop(body.splice(at..at, token.bytes())),
                1 => body[at] = kind,
                2 => drop(body.drain(at..(at + usize::from(kind)).min(body.len()))),
                _ => body.truncate(at.max(1)),
            }
        }
        read_everything(&body, 100);
    }
}

/// Reads the bytes as a notification, a form and a list: whatever is accepted must be valid.
fn read_everything(bytes: &[u8], chunk: usize) {
    if let Ok(notification) = Notification::parse(bytes) {
        let json = data(&notification, &Redact::none());
        serde_json::from_str::<Unique>(&json).unwrap();
        assert_eq!(
            mistakes(&serde_json::from_str(&json).unwrap()),
            Vec::<String>::new()
        );
        let _ = (
            format!("{notification:?}"),
            notification.digest("acme"),
            notification.updated_at(),
        );
    }
    let _ = form::notification_xml(bytes);
    let whole = failures::parse(bytes);
    let mut reader = failures::Reader::new(&Limits::default());
    let mut entries = 0;
    let mut error = None;
    'list: for chunk in bytes.chunks(chunk) {
        reader.push(chunk);
        loop {
            match reader.next_entry() {
                Ok(Some(_)) => entries += 1,
                Ok(None) => break,
                Err(found) => {
                    error = Some(found);
                    break 'list;
                }
            }
        }
    }
    match error.map_or_else(|| reader.finish(), Err) {
        Ok(()) => assert_eq!(whole.unwrap().len(), entries),
        Err(error) => assert_eq!(whole.unwrap_err(), error),
    }
}
