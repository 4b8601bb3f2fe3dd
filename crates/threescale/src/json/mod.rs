//! Writes a document as JSON, by the mapping in [`crate::guide::json`].

mod redact;
mod scalar;
mod writer;

use crate::model::Kind;
use crate::model::definition::{Account, Application, User};
use crate::model::element::Element;
use writer::Writer;

pub use redact::Redact;

/// Appends a string member, `"name":"value"`, to a JSON object that is being written: for the
/// envelope around the data. The value is given in pieces, so that the caller need not join them.
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

/// The parts of a notification that become JSON.
pub(crate) struct Data<'n> {
    pub(crate) type_name: &'n str,
    pub(crate) action: &'n str,
    /// The element whose content becomes the value of `object`.
    pub(crate) object: Element<'n>,
}

/// Appends `{"type":…,"action":…,"object":…}`, with all other content of `<event>` after it.
pub(crate) fn write_data(data: &Data<'_>, out: &mut Vec<u8>, redact: &Redact) {
    let document = data.object.document();
    // JSON names an element once where XML names it twice.
    out.reserve(document.size());

    out.extend_from_slice(b"{\"type\":");
    scalar::string(data.type_name, out);
    out.extend_from_slice(b",\"action\":");
    scalar::string(data.action, out);
    out.extend_from_slice(b",\"object\":");

    let kind = match data.type_name {
        "account" => Kind::Object(Account::SHAPE),
        "user" => Kind::Object(User::SHAPE),
        "application" => Kind::Object(Application::SHAPE),
        _ => Kind::Unknown,
    };
    let writer = Writer::new(document, redact);
    writer.element(data.object.index(), kind, out);
    writer.rest_of_event(out);
    out.push(b'}');
}
