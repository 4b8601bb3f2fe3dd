//! The built Worker in the real runtime (`wrangler dev`, or workerd alone), with a real origin over HTTP and 3scale's
//! own requests.
//!
//! Needs `make build` first; `make test` does both. Most tests share one Worker ([`shared`]): each sends objects of its
//! own and follows the ids that it got. A test that kills or misconfigures a Worker has its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed: clippy knows that of its functions, not of their helpers"
)]

mod access;
mod after_outages;
mod alerts;
mod answers;
mod backlog;
mod batches;
mod bindings;
mod console;
mod crashes;
mod cron;
mod data;
mod deployment;
mod duplicates;
mod events_list;
mod examples;
mod feed;
mod first_minutes;
mod forgotten;
mod formats;
mod front_door;
mod idle;
mod long_history;
mod misconfiguration;
mod nothing_is_lost;
mod operators;
mod operators_api;
mod origins;
mod outages;
mod own_alerts;
mod packages;
mod promises;
mod quarantine_api;
mod recipes;
mod recovery;
mod register;
mod removed;
mod replays;
mod routing;
mod schemathesis;
mod sdks;
mod secrecy;
mod settings;
mod shards;
mod shared;
mod sixteen_kinds;
mod storage;
mod strangers;
mod tail;
mod unreachable;
mod unreadable;
mod watchdog;
