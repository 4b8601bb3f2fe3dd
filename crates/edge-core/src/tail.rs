//! The live tail: a bell that tells listeners when there is something new to ask for. It carries no events, so a lost
//! ring loses nothing: who listens asks the API, before the first ring and after each.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{id::EventId, name::SourceName};

/// How many listeners one inbox has at the most. The runtime would take 32,768, each of which costs memory and time at
/// each ring.
pub const MOST_LISTENERS: u32 = 64;

/// The shortest time between two rings of an inbox.
pub const BETWEEN_RINGS_MS: i64 = 1000;

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// An event was taken in.
    Event,
    /// A delivery or a destination changed its state.
    Delivery,
    /// A replay began, of one event or of many.
    ReplayBegan,
    /// A replay of many events has ended, for one destination at least.
    ReplayEnded,
}

/// A ring, as it is sent to listeners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// The newest event of the inbox that rings, if it has one.
    pub after: Option<EventId>,
    /// The source of that inbox.
    pub source: SourceName,
    /// What has happened since the ring before.
    pub news: BTreeSet<News>,
}

/// The bell of one inbox: at most one ring in a second, and one after the last thing that happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bell {
    news: BTreeSet<News>,
    rang_at: Option<i64>,
    is_planned: bool,
}

/// When to ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Now.
    Now,
    /// After so many milliseconds.
    After(i64),
    /// That is planned already.
    Planned,
}

impl Bell {
    /// Something has happened.
    pub fn note(&mut self, news: News, now_ms: i64) -> When {
        self.news.insert(news);
        if self.is_planned {
            return When::Planned;
        }
        let since = self.rang_at.map(|rang_at| now_ms.saturating_sub(rang_at));
        match since {
            Some(since) if since < BETWEEN_RINGS_MS => {
                self.is_planned = true;
                // A clock that was set back makes nobody wait longer.
                When::After((BETWEEN_RINGS_MS - since).clamp(1, BETWEEN_RINGS_MS))
            }
            _ => When::Now,
        }
    }

    /// It rings. What has happened since the ring before; none if there is nothing to ring for.
    pub fn ring(&mut self, now_ms: i64) -> BTreeSet<News> {
        self.is_planned = false;
        self.rang_at = Some(now_ms);
        std::mem::take(&mut self.news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_rings_at_once_and_what_follows_within_a_second_together() {
        let mut bell = Bell::default();
        assert_eq!(bell.note(News::Event, 5000), When::Now);
        assert_eq!(bell.ring(5000), [News::Event].into());
        assert_eq!(bell.note(News::Event, 5040), When::After(960));
        assert_eq!(bell.note(News::Delivery, 5900), When::Planned);
        assert_eq!(bell.ring(6000), [News::Event, News::Delivery].into());
        assert_eq!(bell.note(News::ReplayBegan, 9000), When::Now);
        assert_eq!(bell.ring(9000), [News::ReplayBegan].into());
        assert_eq!(bell.ring(9999), [].into());
    }

    #[test]
    fn a_clock_that_was_set_back_delays_no_ring_by_more_than_a_second() {
        let mut bell = Bell::default();
        bell.ring(500_000);
        assert_eq!(bell.note(News::Event, 1000), When::After(1000));
    }

    #[test]
    fn a_ring_says_who_rings_and_what_has_happened() {
        let ring = Ring {
            after: EventId::first_of(0).into(),
            source: "acme".parse().unwrap(),
            news: [News::ReplayEnded, News::Event].into(),
        };
        let json = serde_json::to_value(&ring).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "after": "00000000-0000-0000-0000-000000000000",
                "source": "acme",
                "news": ["event", "replay_ended"]
            })
        );
    }
}
