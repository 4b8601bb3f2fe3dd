//! The endpoints that 3scale calls: admission of the caller, the kinds of body that are accepted, and what is in one.

pub mod admission;
pub mod media_type;
pub mod reading;
