//! Which attempts begin now, over all destinations of an inbox, and when to look again. What comes of an attempt is in
//! [`delivery`](crate::delivery), and where each event is on its way in [`inbox_log`](crate::inbox_log).

pub mod budget;
pub mod destination_state;
pub mod fair_share;
pub mod rate;
#[cfg(test)]
mod simulation;
