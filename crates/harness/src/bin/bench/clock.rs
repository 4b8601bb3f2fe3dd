//! The clock of the measurements.

use std::time::Instant;

/// The time now.
#[expect(
    clippy::disallowed_methods,
    reason = "native code: the clock exists here"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
