//! `threescale-edge listen`: asks for what has happened, prints and forwards it, and is told when there is more. The
//! bell may be lost, the cursor is not: whatever cuts it off, it goes on where it was.

use std::{
    collections::BTreeMap,
    sync::mpsc::RecvTimeoutError,
    thread,
    time::{Duration, Instant},
};

use edge_core::{
    api::feed::Feed, id::EventId, messages::events::EventPage, name::DestinationName,
    state::DeliveryState, tail::News, time::UnixMillis,
};

use crate::{
    api::{Api, Failure},
    args::Listen,
    forward::Forward,
    show::Show,
    socket::{self, Heard},
    state::{self, State},
};

/// The longest pause between two tries to connect.
const LONGEST_PAUSE: u64 = 30;
/// Without a ring it asks so often anyway.
const ASK_ANYWAY: Duration = Duration::from_mins(10);
/// How many waiting events are watched,
const MOST_WATCHED: usize = 200;
/// and for how long.
const WATCH: Duration = Duration::from_mins(15);

pub(crate) fn run(api: &Api, listen: &Listen, show: Show) -> anyhow::Result<()> {
    let folder = state::folder(listen.state.as_deref())?;
    let filter = listen.filter.pairs();
    let listens_to = serde_json::to_string(&(api.address(), &filter))?;
    let state = State::open(&folder, &listens_to)?;
    let forward = match &listen.to {
        Some(to) => {
            let (secret, is_new) = state.secret()?;
            if is_new {
                show.secret(&secret);
            }
            let timeout = Duration::from_secs(listen.timeout);
            Some((
                to.clone(),
                Forward::new(to, &secret, listen.attempts, timeout)?,
            ))
        }
        None => None,
    };
    let mut listener = Listener {
        api,
        show,
        filter,
        state,
        forward,
        watched: BTreeMap::new(),
        given: 0,
    };
    listener.begin(listen.since.as_deref());
    listener.follow(&listen.filter.source, Duration::from_millis(listen.ping_ms))
}

/// An event with deliveries that wait.
struct Watched {
    received_at: UnixMillis,
    since: Instant,
    deliveries: BTreeMap<DestinationName, DeliveryState>,
}

struct Listener<'a> {
    api: &'a Api,
    show: Show,
    filter: Vec<(&'static str, String)>,
    state: State,
    forward: Option<(String, Forward)>,
    watched: BTreeMap<EventId, Watched>,
    /// Events that were shown since the last change of the connection.
    given: usize,
}

/// Why the connection ended.
enum End {
    /// For good.
    Refused(String),
    /// It may come again, after so many seconds at the earliest.
    Later(String, Option<u64>),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(why) => Self::Refused(why),
            Failure::Later(why, after) => Self::Later(why, after),
        }
    }
}

impl From<anyhow::Error> for End {
    fn from(error: anyhow::Error) -> Self {
        Self::Refused(format!("{error:#}"))
    }
}

impl Listener<'_> {
    fn begin(&mut self, since: Option<&str>) {
        if let Some(since) = since {
            self.state.progress.cursor = None;
            self.state.progress.done.clear();
            self.filter.push(("since", since.to_owned()));
        } else if self.state.progress.cursor.is_some() {
            self.show
                .note("Going on where it was. --since begins elsewhere.");
        }
    }

    /// Connects, again and again.
    fn follow(&mut self, source: &str, ping: Duration) -> anyhow::Result<()> {
        let mut pause = 1;
        let mut was_connected = false;
        loop {
            let end = match socket::listen(self.api, source, ping) {
                Ok(bell) => {
                    let state = if was_connected {
                        "resumed"
                    } else {
                        "connected"
                    };
                    self.given = 0;
                    match self.catch_up() {
                        Ok(()) => {
                            let detail = format!(
                                "{} ({source}), {} events since",
                                self.api.address(),
                                self.given
                            );
                            self.show.connection(state, &detail);
                            was_connected = true;
                            pause = 1;
                            self.hear(&bell)
                        }
                        Err(end) => end,
                    }
                }
                Err(failure) => failure.into(),
            };
            let (why, after) = match end {
                End::Refused(why) => anyhow::bail!("{}: {why}", self.api.address()),
                End::Later(why, after) => (why, after),
            };
            let wait = after.unwrap_or(0).max(pause);
            self.show
                .connection("disconnected", &format!("{why}; retrying in {wait} s"));
            thread::sleep(Duration::from_secs(wait));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Until the connection ends.
    fn hear(&mut self, bell: &std::sync::mpsc::Receiver<Heard>) -> End {
        loop {
            let mut heard = match bell.recv_timeout(ASK_ANYWAY) {
                Ok(heard) => Some(heard),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => {
                    return End::Later("the connection is gone".to_owned(), None);
                }
            };
            // Several rings ask for the same.
            let mut news = std::collections::BTreeSet::new();
            let mut closed = None;
            while let Some(one) = heard {
                match one {
                    Heard::Ring(ring) => news.extend(ring.news),
                    Heard::Closed(why) => closed = Some(why),
                }
                heard = bell.try_recv().ok();
            }
            if let Some(why) = closed {
                return End::Later(why, None);
            }
            let is_delivery_alone = !news.is_empty()
                && news
                    .iter()
                    .all(|one| matches!(one, News::Delivery | News::ReplayEnded));
            let done = if is_delivery_alone {
                Ok(())
            } else {
                self.catch_up()
            };
            if let Err(end) = done.and_then(|()| self.look_at_deliveries()) {
                return end;
            }
        }
    }

    /// Everything that has happened since.
    fn catch_up(&mut self) -> Result<(), End> {
        loop {
            let mut query = self.filter.clone();
            if let Some(cursor) = &self.state.progress.cursor {
                query.retain(|(name, _)| *name != "since");
                query.push(("cursor", cursor.clone()));
            }
            query.push(("limit", "100".to_owned()));
            let feed: Feed = self.api.get("/feed", &query)?;
            let more = feed.more;
            self.take(feed)?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Each item is noted once it is done, and all of them once the page is.
    fn take(&mut self, feed: Feed) -> Result<(), End> {
        if self.state.progress.cursor.is_none() {
            self.state.progress.cursor = beginning(&feed);
            self.state.save()?;
        }
        let mut keys = Vec::new();
        for item in &feed.items {
            let key = state::key(item);
            keys.push(key.clone());
            if self.state.progress.done.contains(&key) {
                continue;
            }
            self.show.item(item);
            self.given += 1;
            if let Some((to, forward)) = &self.forward {
                let outcome = forward.forward(item, self.show)?;
                self.show.forwarded(item.summary.id, to, &outcome);
                self.state.progress.done.insert(key);
                self.state.save()?;
            }
            self.watch(item);
        }
        let is_news = self.state.progress.cursor.as_ref() != Some(&feed.cursor);
        if is_news || !keys.is_empty() {
            self.state.progress.cursor = Some(feed.cursor);
            for key in keys {
                self.state.progress.done.remove(&key);
            }
            self.state.save()?;
        }
        Ok(())
    }

    fn watch(&mut self, item: &edge_core::messages::feed::FeedItem) {
        let waits = item
            .summary
            .deliveries
            .values()
            .any(|state| *state == DeliveryState::Waiting);
        if waits && self.watched.len() < MOST_WATCHED {
            let watched = Watched {
                received_at: item.summary.received_at,
                since: Instant::now(),
                deliveries: item.summary.deliveries.clone(),
            };
            self.watched.insert(item.summary.id, watched);
        }
    }

    /// Shows which deliveries of the last events have changed.
    fn look_at_deliveries(&mut self) -> Result<(), End> {
        self.watched
            .retain(|_, watched| watched.since.elapsed() < WATCH);
        let Some(oldest) = self
            .watched
            .values()
            .map(|watched| watched.received_at)
            .min()
        else {
            return Ok(());
        };
        let mut query: Vec<_> = self
            .filter
            .iter()
            .filter(|(name, _)| *name != "since")
            .cloned()
            .collect();
        query.push(("since", oldest.to_string()));
        query.push(("limit", "200".to_owned()));
        let page: EventPage = self.api.get("/events", &query)?;
        for event in page.events {
            let Some(watched) = self.watched.get_mut(&event.id) else {
                continue;
            };
            for (name, state) in &event.deliveries {
                if watched.deliveries.get(name) != Some(state) {
                    self.show.delivery(event.id, name, *state);
                }
            }
            watched.deliveries = event.deliveries;
            if !watched
                .deliveries
                .values()
                .any(|state| *state == DeliveryState::Waiting)
            {
                self.watched.remove(&event.id);
            }
        }
        Ok(())
    }
}

/// Where the first page began, so that a listener which ends before it is through with it begins there again: the time
/// at the front of its cursor, without the places.
fn beginning(feed: &Feed) -> Option<String> {
    feed.cursor.split('~').next().map(str::to_owned)
}
