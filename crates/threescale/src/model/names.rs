//! A number for each element name that 3scale uses.
//!
//! The reader looks a name up once; the writers then compare numbers and index tables. The
//! lookup is a perfect hash, searched for by the compiler, so it is one multiplication and one
//! comparison. Names come from the definition: nothing is listed here but the envelope's.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "in what the compiler evaluates, where a panic is a compile error; `tag` has neither"
)]

use super::Field;
use super::definition::NAMES;

/// The number of a known name, or [`Tag::UNKNOWN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(u8);

impl Tag {
    pub(crate) const UNKNOWN: Self = Self(0);

    #[inline]
    pub(crate) const fn is_known(self) -> bool {
        self.0 != 0
    }

    /// A set with this name in it. Unknown names have no place in sets.
    #[inline]
    pub(crate) const fn bit(self) -> u128 {
        if self.is_known() { 1 << self.0 } else { 0 }
    }

    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Room for the names: a set of them fits `u128`.
pub(crate) const CAPACITY: usize = 128;

/// The elements around the object, and the items of lists that have no shape.
const OTHERS: &[&str] = &[
    "event",
    "action",
    "type",
    "object",
    "key",
    "referrer_filter",
];

/// The number of `name`.
#[inline]
pub(crate) fn tag(name: &str) -> Tag {
    let number = TABLE
        .slots
        .get(slot(name.as_bytes(), TABLE.seed))
        .copied()
        .unwrap_or_default();
    match TABLE.names.get(number as usize) {
        Some(&known) if known == name => Tag(number),
        _ => Tag::UNKNOWN,
    }
}

/// For a shape: from the number of a name to its place in `fields` and then `attributes`, plus one.
pub(super) const fn by_tag(fields: &[Field], attributes: &[Field]) -> [u8; CAPACITY] {
    let mut places = [0; CAPACITY];
    let mut place = 0;
    while place < fields.len() + attributes.len() {
        let field = if place < fields.len() {
            &fields[place]
        } else {
            &attributes[place - fields.len()]
        };
        place += 1;
        places[find(&BUILT, field.name)] = narrow(place);
    }
    places
}

const SLOTS: usize = 512;

struct Table {
    /// From 1 on: number 0 is for the unknown.
    names: [&'static str; CAPACITY],
    count: usize,
    slots: [u8; SLOTS],
    seed: u64,
}

const BUILT: Table = build();
static TABLE: Table = BUILT;

/// Length, first, middle and last byte tell all names of 3scale apart; the seed spreads them.
#[inline]
const fn slot(name: &[u8], seed: u64) -> usize {
    let ([first, ..], [.., last]) = (name, name) else {
        return 0;
    };
    let (_, second_half) = name.split_at(name.len() / 2);
    let [middle, ..] = second_half else {
        return 0;
    };
    let key =
        name.len() as u64 | (*first as u64) << 16 | (*middle as u64) << 32 | (*last as u64) << 48;
    (key.wrapping_mul(seed) >> 55) as usize
}

const fn build() -> Table {
    let mut table = Table {
        names: [""; CAPACITY],
        count: 1,
        slots: [0; SLOTS],
        seed: 0x9E37_79B9_7F4A_7C15,
    };
    add(&mut table, OTHERS);
    let mut list = 0;
    while list < NAMES.len() {
        add(&mut table, NAMES[list]);
        list += 1;
    }
    while !place(&mut table) {
        table.seed = table
            .seed
            .wrapping_mul(0xD134_2543_DE82_EF95)
            .wrapping_add(2);
    }
    table
}

const fn add(table: &mut Table, names: &[&'static str]) {
    let mut index = 0;
    while index < names.len() {
        let number = find(table, names[index]);
        table.names[number] = names[index];
        if number == table.count {
            table.count += 1;
        }
        index += 1;
    }
}

/// The number that a name has, or else the next free one.
const fn find(table: &Table, name: &str) -> usize {
    let mut number = 1;
    while number < table.count && !same(table.names[number].as_bytes(), name.as_bytes()) {
        number += 1;
    }
    number
}

/// Gives each name a slot of its own, if the seed allows it.
const fn place(table: &mut Table) -> bool {
    table.slots = [0; SLOTS];
    let mut number = 1;
    while number < table.count {
        let slot = slot(table.names[number].as_bytes(), table.seed);
        if table.slots[slot] != 0 {
            return false;
        }
        table.slots[slot] = narrow(number);
        number += 1;
    }
    true
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut equal = a.len() == b.len();
    let mut index = 0;
    while equal && index < a.len() {
        equal = a[index] == b[index];
        index += 1;
    }
    equal
}

const fn narrow(number: usize) -> u8 {
    assert!(number < CAPACITY, "more names than a set has room for");
    number as u8
}
