//! The rules of the Worker, and the messages between its parts: plain values and functions.
//!
//! Nothing here knows the platform: the time, randomness, ids and the runtime's URL parser come in as arguments,
//! so all of it is tested natively, in milliseconds. `ARCHITECTURE.md` has the map, with the imports that each
//! module may have.

pub mod access;
pub mod admin_api;
pub mod alert;
pub mod api;
pub mod body;
pub mod config;
pub mod dedup;
pub mod delivery;
pub mod destination;
pub mod dispatch;
pub mod event;
pub mod excerpt;
pub mod filter;
pub mod guesses;
pub mod hooks;
pub mod id;
pub mod identity;
pub mod inbox_log;
pub mod location;
pub mod mask;
pub mod messages;
pub mod name;
pub mod operators;
pub mod problem;
pub mod quarantine;
pub mod recovery;
pub mod secret;
pub mod shard;
pub mod sort;
pub mod state;
pub mod tail;
pub mod target;
pub mod time;
