//! The two ends of the Worker that we ship as examples: the stand-in for 3scale is what 3scale is, held against the
//! samples of its own code; the origin takes what is signed and nothing else.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed: clippy knows that of its functions, not of their helpers"
)]

#[path = "../../examples/origin.rs"]
#[expect(dead_code, reason = "its main is not ours")]
mod origin;
#[path = "../../examples/threescale/mod.rs"]
#[expect(dead_code, reason = "each test binary uses a part of the stand-in")]
mod stand_in;

mod admin_api;
mod failures;
mod receiving;
mod retries;
mod serialisation;
mod wire_bytes;

/// A sample made by 3scale's own code, byte for byte.
fn sample(name: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/crates/threescale/tests/samples"
    );
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
}
