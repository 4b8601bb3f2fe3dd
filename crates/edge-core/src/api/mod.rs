//! What operators ask through the API, read and checked; and one answer from those of several inboxes.

pub mod events;
pub mod filter;
pub mod json_body;
pub mod merge;
pub mod page;
pub mod replays;
