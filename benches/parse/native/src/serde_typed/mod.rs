//! quick-xml with serde: typed structs from XML, and serde again to JSON.
//!
//! As good as one would write it: texts are borrowed, and only values that 3scale has are kept.
//! It is not quite the same mapping: serde drops what the structs do not name (elements,
//! attributes, text beside elements), where ours keeps it, and it checks less of XML.

#[expect(clippy::struct_field_names, reason = "the names are 3scale's")]
mod objects;
mod values;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::envelope::{Envelope, Summary};
use objects::{Account, Application, User};

#[derive(Deserialize)]
struct Notification<'x> {
    #[serde(borrow)]
    action: Cow<'x, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'x, str>,
    #[serde(borrow)]
    object: Inside<'x>,
}

/// The one element that is inside `<object>`.
#[derive(Deserialize)]
struct Inside<'x> {
    #[serde(borrow, rename = "$value")]
    object: Object<'x>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Object<'x> {
    #[serde(borrow)]
    Account(Box<Account<'x>>),
    #[serde(borrow)]
    User(Box<User<'x>>),
    #[serde(borrow)]
    Application(Box<Application<'x>>),
}

#[derive(Serialize)]
struct Data<'d> {
    #[serde(rename = "type")]
    kind: &'d str,
    action: &'d str,
    object: Content<'d>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'d> {
    Account(&'d Account<'d>),
    User(&'d User<'d>),
    Application(&'d Application<'d>),
}

pub(crate) fn cloud_event(xml: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(xml).expect("UTF-8");
    let notification: Notification<'_> = quick_xml::de::from_str(text).expect("a notification");
    let (object, id, updated_at) = match &notification.object.object {
        Object::Account(account) => (Content::Account(account), &account.id, &account.updated_at),
        Object::User(user) => (Content::User(user), &user.id, &user.updated_at),
        Object::Application(application) => (
            Content::Application(application),
            &application.id,
            &application.updated_at,
        ),
    };
    let (kind, action) = (&*notification.kind, &*notification.action);
    let summary = Summary {
        kind,
        action,
        id: id.as_ref().map(values::Integer::as_str),
        updated_at: updated_at.as_ref().map(values::Time::as_str),
    };
    Envelope::new(
        &summary,
        Data {
            kind,
            action,
            object,
        },
    )
    .to_json(xml.len())
}
