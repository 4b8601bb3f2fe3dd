//! The stand-in behaves like 3scale: its output is compared with samples made by 3scale's own code.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed: clippy knows that of its functions, not of their helpers"
)]

mod admin_api;
mod failures;
mod program;
mod retries;
mod serialisation;
mod wire_bytes;

/// A sample made by 3scale's own code, byte for byte.
fn sample(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../threescale/tests/samples");
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
}
