//! Sorting names.
//!
//! The standard library's sort is compiled anew for each type and closure, at some ten kilobytes
//! of the Worker each time. So everything that sorts names does it here, and with a heap.

use std::collections::BinaryHeap;

/// A name and its place in a list; no two have the same place.
pub(crate) type Place<'x> = (&'x str, u32);

/// The names in order, equal names in the order of their places.
pub(crate) fn sorted(names: Vec<Place<'_>>) -> Vec<Place<'_>> {
    BinaryHeap::from(names).into_sorted_vec()
}
