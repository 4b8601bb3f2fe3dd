//! Names in order.
//!
//! One sort for all: each further one that the standard library makes for a type or a closure of
//! its own would be ten kilobytes of the Worker.

use std::collections::BinaryHeap;

/// A name and its place, of which each has one of its own.
pub(crate) type Place<'x> = (&'x str, u32);

/// The same names in order, those that are equal by their places.
pub(crate) fn sorted(names: Vec<Place<'_>>) -> Vec<Place<'_>> {
    BinaryHeap::from(names).into_sorted_vec()
}
