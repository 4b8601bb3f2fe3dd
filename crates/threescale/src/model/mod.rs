//! 3scale's elements: their one definition, and all that is derived from it.
//!
//! [`definition`] lists each element once. From that list come the typed views, the [`Shape`]s
//! that the JSON writer follows, the numbers of the [`names`], and the JSON Schemas.

mod define;
pub(crate) mod definition;
pub(crate) mod element;
mod names;
mod shape;
pub(crate) mod values;

pub use shape::{Field, Kind, Shape};

use crate::error::Error;
use crate::limits::Limits;
use crate::xml::{self, Document};

/// Reads a document, in which each of 3scale's names has its number.
pub(crate) fn read<'x>(document: &'x [u8], limits: &Limits) -> Result<Document<'x>, Error> {
    xml::read(document, limits, definition::tag)
}
