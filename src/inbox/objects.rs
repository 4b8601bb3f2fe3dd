//! The states of an object, for destinations that keep the latest one only.

use edge_core::{
    destination::kv::ObjectState,
    inbox_log::{Found, Seq, Stage},
};
use worker::Result;

use super::context::InboxContext;

impl InboxContext {
    /// `true` if the destination at this place has, or will get, a later state of the same object. What is dead or was
    /// dropped does not count: it may never arrive. This looks at the log, since KV may return a value that is a minute
    /// old; and only at the newest events of the object: KV has the rest.
    pub(super) fn is_superseded(&self, index: usize, seq: Seq) -> Result<bool> {
        let destinations = self.destinations.borrow();
        let Some(destination) = destinations.get(index) else {
            return Ok(false);
        };
        let id = destination.deliveries.id();
        let position = &destination.deliveries.state().position;
        let states = self.store.states_of_object(seq)?;
        let seqs: Vec<_> = states.iter().map(|state| state.seq).collect();
        let found = self.store.found_of(&seqs, id)?;
        let will_have = |seq: Seq, routed: bool| {
            let found = found.get(&(id, seq)).copied().unwrap_or_default();
            let stage = Stage::of(seq, position, Found { routed, ..found });
            matches!(
                stage,
                Stage::Beyond | Stage::Pending | Stage::Waiting | Stage::Delivered
            )
        };
        let mut this = None;
        let mut others: Vec<ObjectState> = Vec::new();
        for state in states {
            if state.seq == seq {
                this = Some(state.state);
            } else if will_have(state.seq, state.tally.routes_to(id)) {
                others.push(state.state);
            }
        }
        Ok(this.is_some_and(|this| this.is_superseded(&others)))
    }
}
