//! The invariants that hold after each move. The numbers are those of the design.

use super::{ledger::Truth, world::World};

impl World {
    pub(super) fn check(&self) {
        for (id, destination) in &self.destinations {
            let rows = &self.tables.destinations[id];
            let stored = rows.state();
            assert!(
                stored.position.upto() <= self.head.seq,
                "3: beyond the head"
            );
            let mut counts = std::collections::HashMap::new();
            for seq in self.tables.events.keys() {
                let truth = self
                    .ledger
                    .pairs
                    .get(&(*id, *seq))
                    .map_or(Truth::NotRouted, |pair| pair.truth);
                let found = self.tables.found(*id, *seq);
                // One that is behind a failed one of its object has a row, though it was not tried.
                let is_blocked = found.waiting.is_some_and(|row| row.failed_at.is_none());
                let said = match self.truth_of(*id, *seq) {
                    Truth::Waiting if is_blocked && truth == Truth::Fresh => Truth::Fresh,
                    said => said,
                };
                assert_eq!(said, truth, "1, 2: event {seq} at {id}");
                let is_open = found.routed
                    && (*seq > stored.position.upto() || stored.position.is_pending(*seq));
                let places = [is_open, found.waiting.is_some(), found.dead];
                assert!(
                    places.into_iter().filter(|row| *row).count() < 2,
                    "1: event {seq} at {id} is twice"
                );
                *counts.entry(truth).or_insert(0_u64) += 1;
            }
            let of = |truth| counts.get(&truth).copied().unwrap_or_default();
            let waiting = u64::try_from(rows.waiting.len()).unwrap();
            assert_eq!(stored.waiting, waiting, "4: rows of waiting");
            assert_eq!(stored.dead, of(Truth::Dead), "4: dead");
            let head = self.head.tally.of(*id);
            assert_eq!(
                stored.waits(head),
                of(Truth::Fresh) + of(Truth::Waiting),
                "4: waiting, stored"
            );
            let left: u64 = destination.cursors.iter().map(|one| one.remaining).sum();
            let waits = of(Truth::Fresh) + of(Truth::Waiting) + left;
            assert_eq!(destination.waits(head), waits, "4: waiting");
            let forgotten = destination
                .state()
                .delivered
                .checked_sub(of(Truth::Delivered));
            assert_eq!(
                forgotten,
                Some(self.ledger.forgotten.get(id).copied().unwrap_or_default()),
                "4: delivered"
            );
            for cursor in rows.cursors.values() {
                let meant = &self.tables.meant[&(cursor.replay, *id)];
                let position = &cursor.position;
                let left = meant
                    .iter()
                    .filter(|seq| **seq > position.upto() || position.is_pending(**seq));
                assert_eq!(
                    u64::try_from(left.count()).unwrap(),
                    cursor.remaining,
                    "4: replay"
                );
            }
            self.check_alarm(*id);
        }
    }

    /// 9: whatever can begin now has an alarm that has come.
    fn check_alarm(&self, id: u32) {
        let mut destination = self.destinations[&id].clone();
        if destination.busy() > 0 {
            return;
        }
        let view = self.view(id);
        let wake = destination.wake_at(&view, self.now).unwrap();
        if wake.is_none_or(|at| at > self.now) {
            let next = destination.next(&view, self.now).unwrap();
            // The dispatcher asks when there is no next. While outcomes are to be written, it is called for that.
            let is_soon = !destination.ended.is_empty() && wake.is_some();
            assert!(
                next.is_empty() || is_soon,
                "9: {next:?}, and the alarm is at {wake:?}"
            );
        }
    }
}

impl World {
    /// 11, when everything has come to rest: nothing waits, and every replay sent what it meant.
    pub(super) fn check_rest(&self) {
        for ((id, seq), pair) in &self.ledger.pairs {
            let has_ended = !matches!(pair.truth, Truth::Fresh | Truth::Waiting);
            assert!(
                has_ended,
                "11: event {seq} at {id} is {:?} for ever",
                pair.truth
            );
        }
        for (id, destination) in &self.destinations {
            assert_eq!(destination.waits(self.head.tally.of(*id)), 0);
            assert!(destination.cursors.is_empty());
            assert!(
                self.tables.destinations[id].cursors.is_empty(),
                "11: a replay has not ended"
            );
        }
        for asked in &self.ledger.asked {
            for (seq, written, was_under_way) in &asked.meant {
                let Some(pair) = self.ledger.pairs.get(&(asked.destination, *seq)) else {
                    continue;
                };
                let was_sent = pair.written > *written;
                assert!(
                    was_sent || *was_under_way || pair.dropped,
                    "11: replay {} of move {} did not send {seq}",
                    asked.replay,
                    asked.at_move
                );
            }
        }
    }
}
