//! The rules of delivery: pure functions over plain values. Time and chance come in as arguments.

pub mod breaker;
pub mod lane;
pub mod outcome;
pub mod plan;
pub mod rate;
pub mod retry_after;
#[cfg(test)]
mod simulation;
pub mod slots;
pub mod timing;
pub mod unreached;
