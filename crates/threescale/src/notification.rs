//! A notification: its type and action, and the object as it was when 3scale sent it.

use std::fmt;

use crate::digest::Digest;
use crate::error::{Error, ErrorCode};
use crate::json::{self, Redact};
use crate::kinds::Action;
use crate::limits::Limits;
use crate::model::definition::{Account, Application, User};
use crate::model::{self, element::Element, values::Id};
use crate::time::Timestamp;
use crate::xml::{Document, chars, quoted};

/// The XML document that 3scale sends, parsed. It borrows from the body.
///
/// ```
/// use threescale::{Notification, Redact};
///
/// let body = br#"<?xml version="1.0" encoding="UTF-8"?><event><action>key_created</action>
///     <type>application</type><object><application><id>11</id><updated_at>2021-05-15T03:37:53+02:00</updated_at>
///     <keys><key>f8e34f35</key></keys></application></object></event>"#;
/// let notification = Notification::parse(body)?;
///
/// assert_eq!(notification.type_name(), "application");
/// assert_eq!(notification.action(), "key_created");
/// assert_eq!(notification.known_action(), Some(threescale::Action::KeyCreated));
/// assert!(notification.object_id().is_some_and(|id| id == 11));
///
/// assert_eq!(
///     notification.to_json(&Redact::new(["keys".to_owned()])),
///     r#"{"type":"application","action":"key_created","object":{"id":11,"updated_at":"2021-05-15T01:37:53Z","keys":["[redacted]"]}}"#
/// );
/// # Ok::<(), threescale::Error>(())
/// ```
#[derive(Clone)]
pub struct Notification<'x> {
    document: Document<'x>,
    kind: u32,
    action: u32,
    object: u32,
    /// The element inside `<object>`, if there is exactly one and nothing else.
    root: Option<u32>,
}

/// The object of a notification, by its type.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Object<'a> {
    /// An object of type `account`.
    Account(Account<'a>),
    /// An object of type `user`.
    User(User<'a>),
    /// An object of type `application`.
    Application(Application<'a>),
    /// An object of an unknown type, or one whose element is not named as its type: the element
    /// inside `<object>`, or `<object>` itself if there is not exactly one inside.
    Other(Element<'a>),
}

impl<'x> Notification<'x> {
    /// Parses a body within the default [`Limits`].
    ///
    /// # Errors
    /// If it is not well-formed XML 1.0 in UTF-8, has a document type, exceeds a limit, or is
    /// not `<event>` with one `<type>`, one `<action>` and one `<object>`, in any order.
    pub fn parse(xml: &'x [u8]) -> Result<Self, Error> {
        Self::parse_with(xml, &Limits::default())
    }

    /// Parses a body within other limits.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_with(xml: &'x [u8], limits: &Limits) -> Result<Self, Error> {
        let document = model::read(xml, limits)?;
        let Envelope {
            kind,
            action,
            object,
        } = Envelope::of(&document)?;
        let mut inside = document.children(object);
        let root = match (inside.next(), inside.next()) {
            (Some((index, node)), None) if !node.is_run() => Some(index),
            _ => None,
        };
        Ok(Self {
            document,
            kind,
            action,
            object,
            root,
        })
    }

    /// The type of the object: `account`, `user`, `application`, or an unknown one.
    ///
    /// It consists of 1 to 64 ASCII letters, digits, `_`, `-` and `.`, so it can be part of a key
    /// or a label.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.name(self.kind)
    }

    /// The action on the object, `key_created` for example. It has the same form as the type.
    ///
    /// 3scale infers `created` or `updated` from the last save of a transaction, so the first
    /// event about an object may be an `updated` (`app/models/web_hook/event.rb`).
    #[must_use]
    pub fn action(&self) -> &str {
        self.name(self.action)
    }

    /// The action, if it is one that 3scale has a switch for.
    #[must_use]
    pub fn known_action(&self) -> Option<Action> {
        Action::of(self.action())
    }

    /// The object's id.
    #[must_use]
    pub fn object_id(&self) -> Option<Id<'_>> {
        Id::of(self.root()?.child("id")?)
    }

    /// The id of the account that the object is or belongs to.
    #[must_use]
    pub fn account_id(&self) -> Option<Id<'_>> {
        match self.object() {
            Object::Account(account) => account.id(),
            Object::User(user) => user.account_id(),
            Object::Application(application) => application.user_account_id(),
            Object::Other(_) => None,
        }
    }

    /// The time at which the object was last changed.
    #[must_use]
    pub fn updated_at(&self) -> Option<Timestamp> {
        self.root()?
            .child_text("updated_at")
            .and_then(Timestamp::parse)
    }

    /// SHA-256 over `source` and the canonical document: the same for a pushed body and for the
    /// same event in the list of failures, and different as soon as the content differs.
    ///
    /// `source` is the name of the tenant: two tenants may send the same document.
    #[must_use]
    pub fn digest(&self, source: &str) -> Digest {
        Digest::of(source, &self.document)
    }

    /// Appends the event's `data` as JSON: `{"type":…,"action":…,"object":{…}}`.
    ///
    /// [The mapping](crate::guide::json) tells how values become JSON.
    pub fn write_data(&self, out: &mut Vec<u8>, redact: &Redact) {
        // The value of `object` is the content of the element that the type names. An element of
        // another name keeps it: `"object":{"contract":{…}}`. The type's shape applies to it all
        // the same, so that the type's schema holds for every output.
        let object = self.root().filter(|root| root.name() == self.type_name());
        let data = json::Data {
            type_name: self.type_name(),
            action: self.action(),
            object: object.unwrap_or_else(|| self.object_element()),
        };
        json::write_data(&data, out, redact);
    }

    /// The event's `data` as JSON text: [`write_data`](Self::write_data) into a new string.
    #[must_use]
    pub fn to_json(&self, redact: &Redact) -> String {
        let mut json = Vec::new();
        self.write_data(&mut json, redact);
        // The writer writes UTF-8 only: text comes from a document that is.
        String::from_utf8_lossy(&json).into_owned()
    }

    /// The object, typed.
    #[must_use]
    pub fn object(&self) -> Object<'_> {
        match (self.root(), self.type_name()) {
            (Some(root), name) if root.name() != name => Object::Other(root),
            (Some(root), "account") => Object::Account(Account::new(root)),
            (Some(root), "user") => Object::User(User::new(root)),
            (Some(root), "application") => Object::Application(Application::new(root)),
            (Some(root), _) => Object::Other(root),
            (None, _) => Object::Other(self.object_element()),
        }
    }

    /// The document's root, `<event>`.
    #[must_use]
    pub fn event(&self) -> Element<'_> {
        self.element(0)
    }

    fn object_element(&self) -> Element<'_> {
        self.element(self.object)
    }

    fn root(&self) -> Option<Element<'_>> {
        self.root.map(|root| self.element(root))
    }

    fn name(&self, index: u32) -> &str {
        chars::trim(self.element(index).text())
    }

    fn element(&self, index: u32) -> Element<'_> {
        Element::new(&self.document, index)
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Notification<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("type", &self.type_name())
            .field("action", &self.action())
            .field("object", &self.object())
            .finish()
    }
}

/// The places of type, action and object.
struct Envelope {
    kind: u32,
    action: u32,
    object: u32,
}

impl Envelope {
    fn of(document: &Document<'_>) -> Result<Self, Error> {
        let root = document.node(0).map_or("", |node| node.name);
        if root != "event" {
            return Err(not_a_notification(format!(
                "found <{}>, expected <event>",
                quoted(root)
            )));
        }
        if document
            .node(0)
            .is_some_and(|node| document.attribute(node, "xmlns").is_some())
        {
            return Err(not_a_notification(
                "found <event> in a namespace, expected it in none",
            ));
        }
        let envelope = Self {
            kind: only(document, "type")?,
            action: only(document, "action")?,
            object: only(document, "object")?,
        };
        is_name(document, envelope.kind, "type")?;
        is_name(document, envelope.action, "action")?;
        Ok(envelope)
    }
}

/// The one element of that name in `<event>`.
fn only(document: &Document<'_>, name: &str) -> Result<u32, Error> {
    let mut found = document
        .children(0)
        .filter(|(_, node)| node.name == name)
        .map(|(index, _)| index);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (None, _) => Err(not_a_notification(format!("found no <{name}> in <event>"))),
        (Some(_), Some(_)) => Err(not_a_notification(format!(
            "found <{name}> twice in <event>"
        ))),
    }
}

/// Checks a type or action: it must be fit for a key or a label, and alone in its element.
fn is_name(document: &Document<'_>, index: u32, what: &str) -> Result<(), Error> {
    const LONGEST: usize = 64;
    let is_plain = document.children(index).next().is_none()
        && document.node(index).is_some_and(|node| {
            let name = chars::trim(document.text(node));
            document.attributes(node).is_empty()
                && (1..=LONGEST).contains(&name.len())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        });
    if is_plain {
        Ok(())
    } else {
        Err(not_a_notification(format!(
            "found no name in <{what}>, expected letters, digits and `_`"
        )))
    }
}

fn not_a_notification(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorCode::NotANotification, message)
}
