//! The API for operators: parsing and validating its requests, and its responses.
//!
//! [`table`] has its routes. [`Call::read`] is the router: it turns a method, a path, a query and a body into one
//! [`Call`], or says what is wrong. `schemas/openapi.json` describes all of it.

pub mod answer;
pub mod audit_log;
pub mod event_list;
pub mod event_query;
pub mod export;
pub mod exposition;
pub mod feed;
pub mod json_body;
pub mod object_list;
pub mod quarantine;
pub mod query;
pub mod recorded;
pub mod register_body;
pub mod replay_body;
pub mod route;
pub mod sample;
pub mod stats;
pub mod table;
pub mod test_event;
pub mod usage;

pub use self::route::Call;
