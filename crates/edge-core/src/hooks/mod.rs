//! The endpoints that 3scale calls: admission of the caller, and the kinds of body that are accepted.

pub mod admission;
pub mod media_type;
