//! Any bytes as a notification: if it is accepted, it becomes JSON, redacted or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use threescale::{Notification, Object, Redact};

fuzz_target!(|bytes: &[u8]| {
    match Notification::parse(bytes) {
        Ok(notification) => {
            let data = json(&notification, &Redact::none());
            assert_eq!(data["type"], notification.type_name());
            assert_eq!(data["action"], notification.action());
            let hidden = json(
                &notification,
                &Redact::new(["id".to_owned(), "keys".to_owned()]),
            );
            assert_eq!(hidden["object"].is_null(), data["object"].is_null());
            read(&notification);
        }
        Err(error) => {
            assert!(error.offset() <= bytes.len());
            assert!(error.line() > 0 && error.column() > 0 && error.to_string().len() < 400);
        }
    }
});

fn json(notification: &Notification<'_>, redact: &Redact) -> Value {
    let mut out = Vec::new();
    notification.write_data(&mut out, redact);
    serde_json::from_slice(&out).expect("the output is JSON")
}

/// Calls the accessors.
fn read(notification: &Notification<'_>) {
    let _ = (
        notification.object_id(),
        notification.account_id(),
        notification.digest("fuzz"),
    );
    if let Some(time) = notification.updated_at() {
        assert_eq!(threescale::Timestamp::parse(&time.to_string()), Some(time));
    }
    match notification.object() {
        Object::Account(account) => {
            account.plans().for_each(|plan| {
                let _ = (plan.id(), plan.custom(), plan.cost_per_month());
            });
            account.users().for_each(|user| {
                let _ = (user.id(), user.extra_fields().iter().count());
            });
        }
        Object::User(user) => {
            let _ = (user.account_id(), user.created_at());
        }
        Object::Application(application) => drop((application.keys().count(), application.plan())),
        other => drop(format!("{other:?}")),
    }
}
