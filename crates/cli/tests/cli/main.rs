//! The command against the built Worker in the real runtime. Needs `make build`, as all tests of the Worker do.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, and its clock is the machine's"
)]

mod listen;
mod operators;
mod proxy;
mod run;
