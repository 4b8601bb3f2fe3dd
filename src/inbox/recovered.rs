//! Taking in what 3scale failed to deliver: most of it never arrived, and becomes an event. Of some
//! only our answer was lost, and the event is there. Each entry's id is remembered in the same
//! commit, so that it is taken in once whatever crashes between here and 3scale's list.

use edge_core::{
    dedup,
    messages::{Recovered, Taken},
};
use worker::Result;

use super::{context::Core, intake::Desk};
use crate::platform::now_ms;

/// Takes in a batch: all of it, or nothing.
pub(super) async fn take_in(core: &Core, batch: &Recovered, entries: &[u8]) -> Result<Taken> {
    let now = now_ms();
    let desk = Desk { core, now };
    let window = core.config.dedup_window_ms;
    let taken = core
        .store
        .transaction(|| dedup::take_batch(&desk, batch, entries, window))?;
    // Whatever came: an earlier try may have died between its commit and this.
    core.dispatcher.expect(&core.storage, now).await?;
    core.dispatcher.tell(core, now).await?;
    Ok(taken)
}
