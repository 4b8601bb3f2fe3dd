//! From the document to JSON. What the result looks like is in [`crate::guide::json`].

mod redact;
mod scalar;
mod writer;

use crate::model::Kind;
use crate::model::definition::{Account, Application, User};
use crate::notification::Notification;
use writer::Writer;

pub use redact::Redact;

/// Appends a member with a text, `"name":"value"`, to a JSON object that is being written: for the
/// envelope around the data. The value comes in pieces, so that nobody has to put them together.
///
/// ```
/// let mut json = b"{".to_vec();
/// threescale::write_member(&mut json, "subject", &["user", "/", "9"]);
/// assert_eq!(json, br#"{"subject":"user/9""#);
/// ```
pub fn write_member(out: &mut Vec<u8>, name: &str, value: &[&str]) {
    scalar::string(name, out);
    out.extend_from_slice(b":\"");
    for piece in value {
        scalar::escaped(piece, out);
    }
    out.push(b'"');
}

/// Appends `{"type":…,"action":…,"object":…}`, and what else is in `<event>`.
pub(crate) fn write_data(notification: &Notification<'_>, out: &mut Vec<u8>, redact: &Redact) {
    let document = notification.document();
    // JSON names an element once where XML names it twice.
    out.reserve(document.size());

    out.extend_from_slice(b"{\"type\":");
    scalar::string(notification.type_name(), out);
    out.extend_from_slice(b",\"action\":");
    scalar::string(notification.action(), out);
    out.extend_from_slice(b",\"object\":");

    let writer = Writer::new(document, redact);
    let kind = match notification.type_name() {
        "account" => Kind::Object(Account::SHAPE),
        "user" => Kind::Object(User::SHAPE),
        "application" => Kind::Object(Application::SHAPE),
        _ => Kind::Unknown,
    };
    // What is not named as its type keeps its name: {"object":{"contract":{…}}}. It is read as
    // its type all the same, so that the schema of the type holds for it too.
    let element = notification
        .typed_root()
        .unwrap_or_else(|| notification.object_element());
    writer.element(element.index(), kind, out);
    writer.rest_of_event(out);
    out.push(b'}');
}
