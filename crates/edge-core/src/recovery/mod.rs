//! The rules of recovery: the entries of 3scale's list, how far a step goes, which entries 3scale may then drop, and
//! when to run again.

pub mod batch;
pub mod entry;
pub mod plan;
pub mod step;
