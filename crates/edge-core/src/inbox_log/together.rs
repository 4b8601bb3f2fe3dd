//! Several events in one attempt: when they go, and how many may be under way.
//!
//! New events wait until there are enough for a batch, or the oldest has waited long enough. What is due, or meant by a
//! replay, has waited already, and goes in batches of whatever there is; so do those held back that a row which is due
//! may stand behind. A probe is one event, so that an outage costs no rows for those that would only go along.

use super::{Log, Seq, destination::Destination, position::MOST_PENDING, tally::find_wanted};
use crate::delivery::batching::Batching;

impl Destination {
    /// How events are put together now.
    pub(super) fn together(&self) -> Option<Batching> {
        self.batching.filter(|_| !self.state.health.is_probing())
    }

    /// `true` if a whole batch may begin. Where it may not, one under way has to end first: else the next one would be
    /// cut short by the room in the position, and a kill could repeat more than the position holds.
    pub(super) fn has_room_for(&self, batching: Batching) -> bool {
        let in_flight = self.under_way.len().saturating_add(self.ended.len());
        in_flight == 0 || in_flight.saturating_add(batching.most) <= MOST_PENDING
    }

    /// When the next new event can begin. `None`: there is none.
    pub(super) fn fresh_at<L: Log>(&self, log: &L, now_ms: i64) -> Result<Option<i64>, L::Error> {
        let (head, wanted) = log.head();
        let is_at_head = self.state.is_at(wanted);
        let pending = self.state.position.pending().iter().copied();
        let mut idle = pending.filter(|seq| !self.is_in_flight(*seq));
        let Some(batching) = self.together() else {
            let has_fresh = !is_at_head || idle.next().is_some();
            return Ok(has_fresh.then_some(now_ms));
        };
        let begun: Vec<_> = idle.filter(|seq| !self.is_blocked(*seq)).collect();
        let beyond = wanted.saturating_sub(self.state.position.begun());
        let waiting = usize::try_from(beyond).unwrap_or(usize::MAX);
        if begun.is_empty() && is_at_head {
            return Ok(None);
        }
        let is_whole = waiting.saturating_add(begun.len()) >= batching.most;
        if is_whole || (!begun.is_empty() && self.has_due(log, now_ms)?) {
            return Ok(Some(now_ms));
        }
        let oldest = match begun.first() {
            Some(seq) => Some(*seq),
            None => self.next_beyond(log, head)?,
        };
        let Some(oldest) = oldest else {
            return Ok(Some(now_ms));
        };
        let received_at = log.received_at(oldest)?;
        // Otherwise the clock was set back.
        let received_at = received_at.filter(|at| *at <= now_ms);
        let due = received_at.map(|at| at.saturating_add(batching.wait_ms));
        Ok(Some(due.map_or(now_ms, |due| due.max(now_ms))))
    }

    /// `true` if a row is due, or under way, that may stand behind what is held back: only where there is order.
    fn has_due<L: Log>(&self, log: &L, now_ms: i64) -> Result<bool, L::Error> {
        if !self.is_ordered || self.state.waiting == 0 {
            return Ok(false);
        }
        let due = log.next_due(self.state.revived_at, i64::MIN)?;
        Ok(due.is_some_and(|at| at <= now_ms))
    }

    /// The next event after the position.
    pub(super) fn next_beyond<L: Log>(&self, log: &L, head: Seq) -> Result<Option<Seq>, L::Error> {
        let position = &self.state.position;
        let (after, target) = (position.upto(), position.begun().saturating_add(1));
        find_wanted(after, head, target, |seq| log.at_or_after(seq))
    }
}
