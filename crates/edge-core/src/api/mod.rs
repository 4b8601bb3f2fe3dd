//! The API for operators: parsing and validating its requests, and its responses.
//!
//! [`Call::read`] is the router: it turns a method, a path, a query and a body into one [`Call`], or says what is
//! wrong.

pub mod answer;
pub mod event_list;
pub mod event_query;
pub mod json_body;
pub mod register_body;
pub mod replay_body;
pub mod route;

pub use self::route::Call;
