//! What 3scale calls: who may, and what kind of body they may send.

pub mod admission;
pub mod media_type;
