//! The feed of an inbox: the events that were taken in since a place, then those that were replayed.

use edge_core::{
    id::EventId,
    inbox_log::Seq,
    messages::feed::{FeedItem, FeedPage, Place, PlacedItem, ReadFeed},
    time::UnixMillis,
};
use worker::Result;

use super::{
    Handle,
    context::InboxContext,
    events::{cloud_event, summary},
    search::{Match, Matching},
};
use crate::platform::yield_now;

/// A page ends when so many thousand events were looked at,
const MOST_LOOKS: usize = 20;
/// or so many replayed ones.
const MOST_REPLAYED: usize = 1000;

impl Handle for ReadFeed {
    async fn handle(self, inbox: &InboxContext) -> Result<FeedPage> {
        let start = match self.place {
            // After a restore to an earlier point in time, the places of later events are taken once more.
            Some(place) if place.seq <= inbox.head.borrow().seq => place,
            _ => place_at(inbox, self.since_ms)?,
        };
        let mut page = Page {
            asked: &self,
            bytes: 0,
            items: Vec::new(),
            at: start,
        };
        let is_done = page.take_events(inbox).await? && page.take_replays(inbox).await?;
        Ok(FeedPage {
            items: page.items,
            start,
            end: page.at,
            more: !is_done,
        })
    }
}

/// The place before what came at a time.
fn place_at(inbox: &InboxContext, ms: i64) -> Result<Place> {
    let head = inbox.head.borrow().seq;
    let first = inbox.store.first_at_or_after(EventId::first_of(ms), head)?;
    Ok(Place {
        seq: first.saturating_sub(1),
        replay: inbox.store.first_replayed_since(ms)?,
        replayed: 0,
    })
}

struct Page<'a> {
    asked: &'a ReadFeed,
    bytes: usize,
    items: Vec<PlacedItem>,
    at: Place,
}

impl Page<'_> {
    fn is_full(&self) -> bool {
        self.items.len() >= self.asked.limit || self.bytes >= self.asked.bytes
    }

    /// `true` if there are no more.
    async fn take_events(&mut self, inbox: &InboxContext) -> Result<bool> {
        let filter = self.asked.filter.clone();
        let mut matching = Matching::oldest_first(inbox, filter)?.after(self.at.seq);
        for _ in 0..MOST_LOOKS {
            if matching.is_at_end() {
                return Ok(true);
            }
            let left = self.asked.limit.saturating_sub(self.items.len());
            for found in matching.next(inbox, left)? {
                self.at.seq = found.candidate.seq;
                self.take(inbox, found, None)?;
                if self.is_full() {
                    return Ok(false);
                }
            }
            self.at.seq = self.at.seq.max(matching.upto());
            yield_now().await;
        }
        Ok(matching.is_at_end())
    }

    /// `true` if there are no more.
    async fn take_replays(&mut self, inbox: &InboxContext) -> Result<bool> {
        let mut looked = 0;
        while let Some((number, at_ms, meant)) = inbox.store.replayed_from(self.at.replay)? {
            if number > self.at.replay {
                self.at.replay = number;
                self.at.replayed = 0;
            }
            while let Some(seq) = meant.next_after(self.at.replayed) {
                self.at.replayed = seq;
                for found in self.only(inbox, seq)? {
                    self.take(inbox, found, Some(UnixMillis(at_ms)))?;
                }
                looked += 1;
                if self.is_full() || looked >= MOST_REPLAYED {
                    return Ok(false);
                }
            }
            self.at.replay = number.saturating_add(1);
            self.at.replayed = 0;
            yield_now().await;
        }
        Ok(true)
    }

    /// The event at a place, if it matches and is still there.
    fn only(&self, inbox: &InboxContext, seq: Seq) -> Result<Vec<Match>> {
        let filter = self.asked.filter.clone();
        let mut matching = Matching::oldest_first(inbox, filter)?.only(seq);
        if matching.is_at_end() {
            return Ok(Vec::new());
        }
        matching.next(inbox, 1)
    }

    fn take(
        &mut self,
        inbox: &InboxContext,
        found: Match,
        replayed_at: Option<UnixMillis>,
    ) -> Result<()> {
        // It may have been removed while others had their turn.
        let Some(stored) = inbox.store.load(found.candidate.seq)? else {
            return Ok(());
        };
        let event = cloud_event(inbox, &stored)?;
        self.bytes = self.bytes.saturating_add(event.get().len());
        let item = FeedItem {
            replayed_at,
            summary: summary(inbox, found.candidate, found.deliveries),
            event,
        };
        self.items.push(PlacedItem {
            place: self.at,
            item,
        });
        Ok(())
    }
}
