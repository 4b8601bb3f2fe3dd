//! The one definition of 3scale's elements, as data.
//!
//! The views ([`Account`](crate::Account) and the others), the JSON and the JSON Schemas in
//! `schemas/` are all derived from it.
//!
//! ```
//! use threescale::schema::{Kind, SHAPES};
//!
//! let account = SHAPES.iter().find(|shape| shape.name == "account").unwrap();
//! let field = account.fields.iter().find(|field| field.name == "vat_rate").unwrap();
//! assert!(matches!(field.kind, Kind::Decimal));
//! ```

pub use crate::model::definition::SHAPES;
pub use crate::model::{Field, Kind, Shape};
