//! What the definition says of each element, as data.

use super::names::NameTable;
use crate::xml::Tag;

/// One kind of element that 3scale writes, and all that can be inside.
///
/// The JSON Schemas of the events are written from these: see [`SHAPES`](crate::schema::SHAPES).
#[derive(Debug)]
pub struct Shape {
    /// The element's name, `application`.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its attributes.
    pub attributes: &'static [Field],
    /// The elements inside, in the order of the definition.
    pub fields: &'static [Field],
    /// From a tag to the name's place in `fields` and `attributes` after them, plus one.
    by_tag: [u8; Tag::LIMIT],
}

/// One element inside another, or one attribute.
#[derive(Debug)]
pub struct Field {
    /// The element's name, as sent and as written to JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means and when it is there.
    pub doc: &'static str,
    /// `,"name":`, to be written in one piece.
    pub(crate) key: &'static str,
}

/// What an element holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A decimal number, of any scale.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A moment, with seconds and offset.
    Time,
    /// A day.
    Date,
    /// Text, whatever it looks like.
    Text,
    /// Values under names that the provider chose: extra fields, annotations.
    Fields,
    /// An element of a known shape.
    Object(&'static Shape),
    /// Elements of one name, of one kind.
    List {
        /// The name of each.
        item: &'static str,
        /// What each holds.
        kind: &'static Kind,
    },
    /// Anything: an element that we don't know.
    Unknown,
}

impl Shape {
    pub(super) const fn new(
        name: &'static str,
        doc: &'static str,
        attributes: &'static [Field],
        fields: &'static [Field],
        names: &NameTable,
    ) -> Self {
        Self {
            name,
            doc,
            attributes,
            fields,
            by_tag: by_tag(fields, attributes, names),
        }
    }

    /// What is known of the element `tag` inside one of this shape. An element that has the name
    /// of an attribute holds what the attribute would.
    #[inline]
    pub(crate) fn field(&self, tag: Tag) -> Option<&Field> {
        let place = (self.by_tag.get(tag.index()).copied()? as usize).checked_sub(1)?;
        match self.fields.get(place) {
            Some(field) => Some(field),
            None => self.attributes.get(place - self.fields.len()),
        }
    }
}

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler, where a panic is a compile error; a place is below 128"
)]
const fn by_tag(fields: &[Field], attributes: &[Field], names: &NameTable) -> [u8; Tag::LIMIT] {
    let mut places = [0; Tag::LIMIT];
    let mut place = 0;
    while place < fields.len() + attributes.len() {
        let field = if place < fields.len() {
            &fields[place]
        } else {
            &attributes[place - fields.len()]
        };
        place += 1;
        places[names.number(field.name)] = place as u8;
    }
    places
}
