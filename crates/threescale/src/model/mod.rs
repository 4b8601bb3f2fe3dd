//! What 3scale says: the one definition of its elements, and what follows from it.
//!
//! [`definition`] lists each element once. From that list come the typed views, the table that
//! the JSON writer follows, the numbers of the [`names`], and the JSON Schemas.

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

/// Reads a document of 3scale's.
pub(crate) fn read<'x>(document: &'x [u8], limits: &Limits) -> Result<Document<'x>, Error> {
    xml::read(document, limits, definition::tag)
}
