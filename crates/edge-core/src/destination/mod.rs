//! The messages to each kind of destination, and the meaning of their responses.

pub mod batch;
pub mod http;
pub mod kv;
