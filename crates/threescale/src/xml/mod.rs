//! XML 1.0 without a document type, read in one pass into a [`Document`].
//!
//! quick-xml finds the markup; the [`guard`] checks what quick-xml leaves to its caller (a second
//! root, names, `<` in attributes, `]]>` in text, forbidden characters, entities, declarations, a
//! document that ends too early) and enforces the [`Limits`]. A document that passes is
//! well-formed XML 1.0. Nothing here knows 3scale: its names are numbered by the caller.

mod attributes;
pub(crate) mod chars;
mod declaration;
mod document;
mod encoding;
mod fault;
mod guard;
mod reference;
mod scanner;
mod tag;

pub(crate) use document::{Document, Node};
pub(crate) use fault::quoted;
pub(crate) use tag::Tag;

use crate::error::{Error, ErrorCode};
use crate::limits::Limits;
use guard::Guard;

/// Reads a whole document.
///
/// `tag_of` gives a name its number. It must know valid XML names only: a name that it knows is
/// not checked again.
pub(crate) fn read<'x>(
    document: &'x [u8],
    limits: &Limits,
    tag_of: impl Fn(&str) -> Tag,
) -> Result<Document<'x>, Error> {
    if document.len() > limits.allowed_bytes() {
        let message = format!(
            "the document has more than {} bytes",
            limits.allowed_bytes()
        );
        return Err(Error::new(ErrorCode::LimitExceeded, message));
    }
    let text = encoding::text(document)?;
    let mark = document.len() - text.len();
    Guard::new(text, limits, tag_of)
        .run()
        .map_err(|(error, offset)| error.at(document, mark + offset))
}
