//! 3scale's side, byte for byte: its requests, its retries, its list of failures, and its admin API.
//!
//! | module | its part of 3scale |
//! |---|---|
//! | [`kinds`], [`objects`], [`xml`], [`notifications`] | serialises an event |
//! | [`target`], [`wire`] | sends it, as `rest-client` 2.0.2 does; Ping!, as `HTTPClient` does |
//! | [`sidekiq`] | six attempts, then gives up |
//! | [`failures`], [`ruby_time`] | stores undeliverable events |
//! | [`tenant`], [`credentials`], [`admin_api`] | the webhook's settings and the admin API over both |

pub mod admin_api;
mod connection;
pub mod credentials;
pub mod failures;
mod faults;
pub mod kinds;
pub mod notifications;
pub mod objects;
pub mod ruby_time;
pub mod sidekiq;
pub mod target;
pub mod tenant;
pub mod wire;
pub mod xml;
