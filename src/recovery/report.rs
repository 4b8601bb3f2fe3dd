//! Tells the operator how it went.

use super::{core::Core, run::Run};
use crate::log;

/// The one place that every step passes once it is over.
pub(super) fn report(core: &Core, run: &Run) {
    if run.is_news() {
        log::recovery(run);
    }
    if run.failed() {
        report_failure(core, run);
    }
}

/// Where a failing recovery is made known beyond the log.
fn report_failure(_core: &Core, _run: &Run) {}
