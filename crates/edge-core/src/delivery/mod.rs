//! The rules of delivery: pure functions over plain values. Time and chance come in as arguments.

pub mod batching;
pub mod binding;
pub mod breaker;
pub mod outcome;
pub mod plan;
pub mod timing;
pub mod unreached;
