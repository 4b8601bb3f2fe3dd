//! The invariants that hold after each move. The numbers are those of the design.

use std::collections::BTreeSet;

use super::{
    super::{DestinationId, Seq},
    ledger::Truth,
    world::World,
};

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

    /// 9: whatever can begin now has an alarm that has come, and an alarm that has come has something to do.
    fn check_alarm(&self, id: u32) {
        let mut destination = self.destinations[&id].clone();
        if destination.busy() > 0 {
            return;
        }
        let view = self.view(id);
        let wake = destination.wake_at(&view, self.now).unwrap();
        let write = destination.write_at(self.now);
        let resets = destination.next_reset(&view, self.now).unwrap().is_some();
        let next = destination.next(&view, self.now).unwrap();
        if wake.is_none_or(|at| at > self.now) {
            // The dispatcher asks when there is no next. While outcomes are to be written, it is called for that.
            let is_soon = !destination.ended.is_empty() && wake.is_some();
            assert!(
                next.is_empty() || is_soon,
                "9: {next:?}, and the alarm is at {wake:?}"
            );
        } else if write.is_none_or(|at| at > self.now) && !resets {
            // A replay that has come to its end is written, and what is held back gets rows. Or a replay has come to a
            // row, which is reset next.
            let has_news = destination.write_at(self.now).is_some()
                || destination.next_reset(&view, self.now).unwrap().is_some();
            assert!(
                !next.is_empty() || has_news,
                "9: the alarm comes for nothing, again and again"
            );
        }
    }

    /// Several events go together only if all of them may, and new ones only when it is time.
    pub(super) fn check_batch(&self, id: DestinationId, seqs: &[Seq]) {
        assert!(seqs.is_sorted());
        let most = self.batching.map_or(1, |batching| batching.most);
        assert!(seqs.len() <= most, "{seqs:?}");
        let pairs = seqs
            .iter()
            .filter_map(|seq| self.ledger.pairs.get(&(id, *seq)));
        let mut pairs = pairs.peekable();
        let is_fresh = pairs.peek().is_some_and(|pair| pair.truth == Truth::Fresh);
        let mut has_row = self.tables.destinations[&id].waiting.keys();
        let is_new = is_fresh && !has_row.any(|seq| seqs.contains(seq));
        if seqs.len() > 1 {
            assert!(pairs.all(|pair| !pair.alone), "{seqs:?}");
            let state = self.destinations[&id].state();
            assert!(!state.health.is_probing(), "a probe is one event");
        }
        let (Some(batching), true) = (self.batching, is_new) else {
            return;
        };
        let state = self.destinations[&id].state();
        if state.health.is_probing() {
            return;
        }
        let rows = &self.tables.destinations[&id];
        let tries = self.ledger.tries.get(&id).into_iter().flatten();
        let busy: BTreeSet<_> = tries.map(|one| one.seq).collect();
        let pairs = self.ledger.pairs.range((id, 0)..(id, Seq::MAX));
        let fresh = pairs.filter(|(_, pair)| pair.truth == Truth::Fresh);
        let fresh = fresh.map(|((_, seq), _)| *seq);
        let fresh: Vec<_> = fresh
            .filter(|seq| !busy.contains(seq) && !rows.waiting.contains_key(seq))
            .collect();
        let waited = self.now - self.tables.events[&fresh[0]].received_at;
        // One that was held back may be what a row that is due waits for.
        let mut all = rows.waiting.values();
        let is_due = all.any(|row| row.due_at(state.revived_at) <= self.now);
        let is_before_due = state.position.is_pending(fresh[0]) && is_due;
        assert!(
            fresh.len() >= batching.most
                || waited < 0
                || waited >= batching.wait_ms
                || is_before_due,
            "{seqs:?} go together after {waited} ms"
        );
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
