//! What is sent to each kind of destination, and what its answer means.

pub mod http;
pub mod kv;
