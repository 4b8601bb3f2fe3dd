//! The rules of recovery: the entries of 3scale's list, how far a step goes, and when to come again.

pub mod batch;
pub mod entry;
pub mod plan;
pub mod run;
