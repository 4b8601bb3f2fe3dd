//! What Red Hat 3scale's webhooks say: XML notifications as Rust types and JSON.
//!
//! 3scale API Management posts a small XML document when an account, a user or an application
//! changes. This crate reads it exactly, refuses everything else with a reason, and gives what it
//! says as typed views, as JSON by a schema, and as a digest that tells repeats from news. It
//! knows no web framework and no platform, and runs natively and as WebAssembly.
//!
//! # Reading a notification
//!
//! ```
//! use threescale::{Notification, Object};
//!
//! # let body = include_bytes!("../tests/samples/application_created_v2.xml");
//! let notification = Notification::parse(body)?;
//! assert_eq!(notification.type_name(), "application");
//! assert_eq!(notification.action(), "created");
//!
//! if let Object::Application(application) = notification.object() {
//!     assert_eq!(application.id(), Some(11));
//!     assert_eq!(application.name(), Some("TestAccount's App"));
//!     assert_eq!(application.plan().and_then(|plan| plan.name()), Some("Unlimited"));
//!     assert_eq!(application.keys().count(), 2);
//! }
//! # Ok::<(), threescale::Error>(())
//! ```
//!
//! The views borrow from the body and read a value when it is asked for. There are types and
//! actions that this crate does not know, and there will be elements: they are accepted, and
//! [`Element`] is the way to them. [`Notification::write_data`] gives all of it as JSON, by the
//! rules in [`guide::json`].
//!
//! # Being a listener
//!
//! What a receiver has to know about the sender, each learnt from its source code:
//!
//! - The body comes as `application/xml`, in UTF-8 and on one line; from some old tenants as a
//!   form, for which there is [`form::notification_xml`]. The Ping! button sends a GET.
//! - Nothing is signed. A secret in the URL over HTTPS is all that tells 3scale from others, so
//!   compare it in constant time and keep URLs out of logs.
//! - An answer of 200 is success. Anything else, a redirect too, is tried again five times, about
//!   a minute apart, with the same bytes. What then fails goes to a list: see [`failures`].
//! - The same event may come twice, and events may come in any order. There is no id:
//!   [`Notification::digest`] tells repeats, and [`Notification::updated_at`] tells old from new,
//!   to the second.
//! - Equal is not always a repeat. A key that is added, removed and added again gives the same
//!   document twice. Remember a digest for about half an hour, not for ever.
//! - One click may cause several events; `updated` may be the first that you hear of an object;
//!   and what is done with a provider key, or in the background, causes none.
//! - Objects hold secrets: `user_key`, `provider_verification_key`, `keys`, `site_access_code`.
//!   [`Redact`] keeps them from those who need not see them. Nothing here shows a value in a
//!   `Debug` form or in an error.
//!
//! `examples/axum.rs` is a listener in sixty lines.
//!
//! # What is refused
//!
//! A notification is well-formed XML 1.0 in UTF-8, without a document type, within [`Limits`].
//! The tokenizer is quick-xml, which leaves much of that to its caller; here it is checked, and
//! compared with libxml2 over generated documents (`CONFORMANCE.md`). An [`Error`] has a stable
//! [code](ErrorCode) and a place:
//!
//! ```
//! let error = threescale::Notification::parse(b"<!DOCTYPE event><event/>").unwrap_err();
//! assert_eq!(error.code(), "doctype_forbidden");
//! assert_eq!(error.to_string(), "line 1, column 1: found a document type declaration");
//! ```
//!
//! # How it is built
//!
//! `src/model/definition.rs` lists each element of 3scale once, with its kind and its source. From
//! that list come the views, the JSON, the perfect hash by which names are looked up, and the
//! [schemas](schema). `src/xml/` reads a document into one flat list of nodes that borrow from the
//! body; views, JSON and digest walk that list. An element costs no allocation.

mod digest;
mod error;
pub mod failures;
pub mod form;
pub mod guide;
mod json;
mod limits;
mod model;
mod notification;
mod order;
pub mod schema;
mod time;
mod xml;

pub use digest::Digest;
pub use error::{Error, ErrorCode};
pub use json::{Redact, write_member};
pub use limits::Limits;
pub use model::definition::{Account, Application, BillingAddress, OidcConfiguration, Plan, User};
pub use model::element::Element;
pub use model::values::{Decimal, Fields};
pub use notification::{Notification, Object};
pub use time::{Date, Timestamp};
