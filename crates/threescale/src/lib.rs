//! The webhooks of Red Hat 3scale: XML notifications as Rust types and JSON.
//!
//! 3scale API Management posts a small XML document when an account, a user or an application
//! changes. This crate parses it strictly, refuses anything else with a reason, and gives its
//! content as typed views, as JSON that has a schema, and as a digest that tells repeats from new
//! events. It needs no web framework and no platform, and runs natively and as WebAssembly.
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
//!     assert_eq!(application.id(), notification.object_id());
//!     assert_eq!(application.name(), Some("TestAccount's App"));
//!     assert_eq!(application.plan().and_then(|plan| plan.name()), Some("Unlimited"));
//!     assert_eq!(application.keys().count(), 2);
//! }
//! # Ok::<(), threescale::Error>(())
//! ```
//!
//! The views borrow from the body and parse a value when its method is called. Types, actions and
//! elements that this crate does not know are accepted, and [`Element`] gives access to them.
//! [`Notification::to_json`] gives all of it as JSON, by the rules in [`guide::json`].
//!
//! # Writing a listener
//!
//! A receiver has to know the following about the sender. It is all from 3scale's source code,
//! [3scale/porta](https://github.com/3scale/porta): `app/workers/web_hook_worker.rb` sends, and
//! `app/models/web_hook/event.rb` decides what to send.
//!
//! - The body is `application/xml`, in UTF-8 and on one line; a few old tenants send a form
//!   instead, which [`form::notification_xml`] reads. The Ping! button sends a GET.
//! - Nothing is signed. A secret in the URL, over HTTPS, is all that tells 3scale from anyone
//!   else, so compare it in constant time and keep URLs out of logs.
//! - Answer 200. After an error or a redirect, 3scale sends the same bytes up to five more times,
//!   about a minute apart. Then the notification goes into a list: see [`failures`].
//! - The same event may come twice, and events may come in any order. They have no id:
//!   [`Notification::digest`] recognizes repeats, and [`Notification::updated_at`] tells old from
//!   new, to the second.
//! - Equal documents are not always repeats: a key that is added, removed and added again gives
//!   the same document twice. Remember a digest for about half an hour, not forever.
//! - One click may cause several events; the first event about an object may be an `updated`;
//!   and changes that are made with a provider key, or in the background, cause no events.
//! - Objects contain secrets: `user_key`, `provider_verification_key`, `keys`,
//!   `site_access_code`. [`Redact`] hides them from those who need not see them. This crate shows
//!   no value in a `Debug` form or in an error.
//!
//! `examples/axum` is a listener in sixty lines.
//!
//! # Refused documents
//!
//! A notification must be well-formed XML 1.0 in UTF-8, without a document type, within
//! [`Limits`]. The tokenizer is quick-xml, which leaves many of XML's rules to its caller: this
//! crate checks them all, and is compared with libxml2 on generated documents (`CONFORMANCE.md`).
//! An [`Error`] has a stable [code](ErrorCode) and a position:
//!
//! ```
//! let error = threescale::Notification::parse(b"<!DOCTYPE event><event/>").unwrap_err();
//! assert_eq!(error.code(), "doctype_forbidden");
//! assert_eq!(error.to_string(), "line 1, column 1: found a document type declaration");
//! ```
//!
//! # How it is built
//!
//! `src/model/definition.rs` lists each element of 3scale's once, with its kind and its source.
//! The views, the JSON, the perfect hash by which names are looked up and the [schemas](schema)
//! all come from that list. The XML reader turns a document into one flat list of nodes that
//! borrow from the body; views, JSON and digest walk that list. An element costs no allocation.
//!
//! Modules import only from modules above them in this list (`make check` sees to it):
//!
//! - `error`: codes, messages, positions
//! - `limits`: the sizes that a document may have
//! - `time`: timestamps and dates
//! - `order`: sorting names
//! - `kinds`: the 16 kinds of events, and their actions
//! - `form`: the XML in a legacy form body
//! - `xml`: well-formed XML as a list of nodes; knows nothing of 3scale
//! - `model`: 3scale's elements: the definition, the views, their values
//! - `schema`: the definition, for those who generate code or schemas from it
//! - `digest`: SHA-256 over a document's canonical form
//! - `json`: a document as JSON, by the rules in [`guide::json`]
//! - `notification`: type, action and object, and the methods that users call
//! - `failures`: the list of notifications that 3scale could not deliver
//! - `guide`: rules to look up, without code

mod digest;
mod error;
pub mod failures;
pub mod form;
pub mod guide;
mod json;
mod kinds;
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
pub use kinds::{Action, KINDS};
pub use limits::Limits;
pub use model::definition::{Account, Application, BillingAddress, OidcConfiguration, Plan, User};
pub use model::element::Element;
pub use model::values::{Decimal, Fields, Id};
pub use notification::{Notification, Object};
pub use time::{Date, Timestamp};
