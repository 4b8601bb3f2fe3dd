//! A table that gives each name of the definition a number.
//!
//! The lookup is a perfect hash that the compiler searches for, so it costs one multiplication
//! and one comparison.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "in what the compiler evaluates, where a panic is a compile error; `tag` has neither"
)]

use crate::xml::Tag;

/// Names, numbered from 1.
pub(super) struct NameTable {
    /// The names by number. The first entry is not used: 0 stands for unknown names.
    names: [&'static str; Tag::LIMIT],
    count: usize,
    /// By hash, the number of the only name that it can be.
    slots: [u8; SLOTS],
    seed: u64,
}

const SLOTS: usize = 512;

impl NameTable {
    /// The table of all names in the lists. A name may be there several times.
    pub(super) const fn of(lists: &[&[&'static str]]) -> Self {
        let mut table = Self {
            names: [""; Tag::LIMIT],
            count: 1,
            slots: [0; SLOTS],
            seed: 0x9E37_79B9_7F4A_7C15,
        };
        let mut list = 0;
        while list < lists.len() {
            table.add(lists[list]);
            list += 1;
        }
        while !table.place() {
            table.seed = table
                .seed
                .wrapping_mul(0xD134_2543_DE82_EF95)
                .wrapping_add(2);
        }
        table
    }

    /// The number of `name`.
    #[inline]
    pub(super) fn tag(&self, name: &str) -> Tag {
        let number = self
            .slots
            .get(slot(name.as_bytes(), self.seed))
            .copied()
            .unwrap_or_default();
        match self.names.get(number as usize) {
            Some(&known) if known == name => Tag::new(number),
            _ => Tag::UNKNOWN,
        }
    }

    /// The number that a name has, or else the next free one.
    pub(super) const fn number(&self, name: &str) -> usize {
        let mut number = 1;
        while number < self.count && !same(self.names[number].as_bytes(), name.as_bytes()) {
            number += 1;
        }
        number
    }

    const fn add(&mut self, names: &[&'static str]) {
        let mut index = 0;
        while index < names.len() {
            let number = self.number(names[index]);
            self.names[number] = names[index];
            if number == self.count {
                self.count += 1;
            }
            index += 1;
        }
    }

    /// Gives each name a slot of its own, if the seed allows it.
    const fn place(&mut self) -> bool {
        self.slots = [0; SLOTS];
        let mut number = 1;
        while number < self.count {
            let slot = slot(self.names[number].as_bytes(), self.seed);
            if self.slots[slot] != 0 {
                return false;
            }
            // Below `Tag::LIMIT`, or `add` would not have compiled.
            self.slots[slot] = number as u8;
            number += 1;
        }
        true
    }
}

/// Length, first, middle and last byte tell all of 3scale's names apart; the seed spreads them.
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

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut equal = a.len() == b.len();
    let mut index = 0;
    while equal && index < a.len() {
        equal = a[index] == b[index];
        index += 1;
    }
    equal
}
