//! quick-xml's bare event loop: what anyone pays who uses quick-xml at all.
//!
//! `Reader::from_str` with its default configuration, as the crate `threescale` uses it too: end
//! tags are compared with start tags, comments are not looked into, nothing is trimmed, and each
//! event borrows from the document. Attributes are not read, references are not resolved.

use std::hint::black_box;

use quick_xml::Reader;
use quick_xml::events::Event;

/// Goes through all events of a document, and says how many there were.
///
/// # Panics
/// If the document is not UTF-8 or not well-formed: then it measures nothing.
#[must_use]
#[inline(never)]
pub fn events(xml: &[u8]) -> usize {
    let mut reader = Reader::from_str(std::str::from_utf8(xml).expect("UTF-8"));
    let mut count = 0;
    while !matches!(
        black_box(reader.read_event().expect("well-formed XML")),
        Event::Eof
    ) {
        count += 1;
    }
    count
}
