//! The rules of the quarantine: which bodies that cannot be parsed are one, and which of them have a place.

pub mod likeness;
pub mod room;
