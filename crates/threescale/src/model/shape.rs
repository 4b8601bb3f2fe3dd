//! The definition as data: one shape for each kind of element.

use super::names::NameTable;
use crate::xml::Tag;

/// One kind of element that 3scale writes, and all that can be inside.
///
/// The JSON Schemas of the events are written from these: see [`SHAPES`](crate::schema::SHAPES).
#[derive(Debug)]
pub struct Shape {
    /// The element's name, `application`.
    pub name: &'static str,
    /// A description.
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
    /// The kind of its value.
    pub kind: Kind,
    /// Its meaning, and when it is there.
    pub doc: &'static str,
    /// `,"name":`, which JSON then takes in one piece.
    pub(crate) key: &'static str,
}

/// The kind of an element's value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A decimal number, of any scale.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A point in time, with seconds and offset.
    Time,
    /// A date.
    Date,
    /// Text, whatever it looks like.
    Text,
    /// Values under names that the provider chose: extra fields, annotations.
    Fields,
    /// An element of a known shape.
    Object(&'static Shape),
    /// Elements of one name, of one kind.
    List {
        /// The name of each item.
        item: &'static str,
        /// The kind of each item's value.
        kind: &'static Kind,
    },
    /// Anything: the value of an element that is not in the definition.
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

    /// The definition of the element `tag` inside one of this shape, if it has one. An element
    /// with an attribute's name has a value of the attribute's kind.
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
