//! 3scale's side, byte for byte: what it sends, how it retries, what it keeps, and its admin API.
//!
//! | module | what 3scale does there |
//! |---|---|
//! | [`kinds`], [`objects`], [`xml`], [`notifications`] | serialises an event |
//! | [`target`], [`connection`], [`wire`] | sends it, as `rest-client` 2.0.2 does; Ping!, as `HTTPClient` does |
//! | [`sidekiq`] | six attempts, then gives up |
//! | [`failures`], [`ruby_time`] | keeps what could not be delivered |
//! | [`tenant`], [`credentials`], [`admin_api`], [`faults`] | the webhook's settings and the admin API over both |

pub(crate) mod admin_api;
pub(crate) mod connection;
pub(crate) mod credentials;
pub(crate) mod failures;
pub(crate) mod faults;
pub(crate) mod kinds;
pub(crate) mod notifications;
pub(crate) mod objects;
pub(crate) mod ruby_time;
pub(crate) mod sidekiq;
pub(crate) mod target;
pub(crate) mod tenant;
pub(crate) mod wire;
pub(crate) mod xml;
