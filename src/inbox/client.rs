//! The inbox as the rest of the Worker sees it.

use edge_core::{
    config::Source,
    filter::{Again, List},
    messages::{self as wire, Intake, Receipt, Recovered, Report, Suspect, Taken},
    shard,
};
use worker::{Env, Response, Result, Stub};

use crate::http::request;

/// What operators ask of an inbox.
#[derive(Debug)]
pub enum Operation {
    /// How each destination is doing.
    Destinations,
    /// To pause a destination, or resume it.
    Pause {
        /// Its name.
        destination: String,
        /// Which of the two.
        paused: bool,
    },
    /// To drop what has not arrived at a destination that is no longer configured.
    Drop {
        /// Its name.
        destination: String,
    },
    /// What became of an event.
    Event {
        /// Its id.
        id: String,
    },
    /// To deliver an event again.
    Replay {
        /// Its id.
        id: String,
        /// Where to: `None` to each destination that wants it now.
        destinations: Option<Vec<String>>,
    },
    /// A page of the list of events.
    List(List),
    /// To deliver again what a filter means, or to count it.
    Again(Again),
    /// How replays are getting on.
    Replays,
}

/// One inbox of a source.
#[derive(Debug)]
pub struct Inbox(Stub);

impl Inbox {
    /// The inbox that keeps what belongs to this account.
    ///
    /// # Errors
    ///
    /// The binding `INBOX` is missing.
    pub fn of_account(env: &Env, source: &Source, account: Option<&str>) -> Result<Self> {
        Self::of_shard(env, source, shard::of_account(account, source.shards))
    }

    /// The source's first inbox: it keeps what belongs to no account.
    ///
    /// # Errors
    ///
    /// The binding `INBOX` is missing.
    pub fn first(env: &Env, source: &Source) -> Result<Self> {
        Self::of_shard(env, source, 0)
    }

    /// Every inbox of the source.
    ///
    /// # Errors
    ///
    /// The binding `INBOX` is missing.
    pub fn all(env: &Env, source: &Source) -> Result<Vec<Self>> {
        (0..source.shards)
            .map(|shard| Self::of_shard(env, source, shard))
            .collect()
    }

    /// The inbox of this number.
    ///
    /// # Errors
    ///
    /// The binding `INBOX` is missing.
    pub fn of_shard(env: &Env, source: &Source, shard: u32) -> Result<Self> {
        let name = shard::name(&source.name, shard);
        Ok(Self(env.durable_object("INBOX")?.get_by_name(&name)?))
    }

    /// Hands over a notification. When this returns a receipt, it is committed.
    ///
    /// # Errors
    ///
    /// It is not known to be committed.
    pub async fn take_in(&self, intake: &Intake, xml: &[u8]) -> Result<Receipt> {
        let answer = self
            .call(wire::EVENTS, wire::pack(intake, xml))
            .await?
            .bytes()
            .await?;
        wire::read(&answer).ok_or_else(|| "the inbox answered something that cannot be read".into())
    }

    /// Hands over a batch of what 3scale failed to deliver. When this returns, it is committed.
    ///
    /// # Errors
    ///
    /// It is not known to be committed.
    pub async fn take_in_recovered(&self, batch: &Recovered, documents: &[u8]) -> Result<Taken> {
        let answer = self
            .call(wire::RECOVERED, wire::pack(batch, documents))
            .await?
            .bytes()
            .await?;
        wire::read(&answer).ok_or_else(|| "the inbox answered something that cannot be read".into())
    }

    /// When an old value of the source's secret was last used, as RFC 3339.
    ///
    /// # Errors
    ///
    /// It could not be reached.
    pub async fn old_secret_used_at(&self) -> Result<Option<String>> {
        let at = self
            .call(wire::OLD_SECRET, Vec::new())
            .await?
            .text()
            .await?;
        Ok((!at.is_empty()).then_some(at))
    }

    /// Hands over a body for the quarantine.
    ///
    /// # Errors
    ///
    /// It is not known to be kept.
    pub async fn quarantine(&self, suspect: &Suspect, body: &[u8]) -> Result<()> {
        self.call(wire::QUARANTINE, wire::pack(suspect, body))
            .await
            .map(|_| ())
    }

    /// Lets it look whether anything is overdue. Says when something came last, if ever.
    ///
    /// # Errors
    ///
    /// It could not be reached.
    pub async fn wake(&self) -> Result<Option<i64>> {
        let last = self.call(wire::WAKE, Vec::new()).await?.text().await?;
        Ok(last.parse().ok())
    }

    /// Tells whom `ALERTS` names, unless they were told of late.
    ///
    /// # Errors
    ///
    /// It could not be reached, or not keep it.
    pub async fn alert(&self, report: &Report) -> Result<()> {
        self.call(wire::ALERT, wire::pack(report, &[]))
            .await
            .map(|_| ())
    }

    /// Asks for what an operator wants. `None` if the inbox knows nothing of it.
    ///
    /// # Errors
    ///
    /// It could not be reached, or not do it.
    pub async fn operate(&self, operation: &Operation) -> Result<Option<String>> {
        let (path, body) = match operation {
            Operation::Destinations => (wire::DESTINATIONS, Vec::new()),
            Operation::Pause {
                destination,
                paused: true,
            } => (wire::PAUSE, destination.clone().into_bytes()),
            Operation::Pause {
                destination,
                paused: false,
            } => (wire::RESUME, destination.clone().into_bytes()),
            Operation::Drop { destination } => (wire::DROP, destination.clone().into_bytes()),
            Operation::Event { id } => (wire::EVENT, id.clone().into_bytes()),
            Operation::Replay { id, destinations } => {
                let mut lines = vec![id.as_str()];
                lines.extend(destinations.iter().flatten().map(String::as_str));
                (wire::REPLAY, lines.join("\n").into_bytes())
            }
            Operation::List(list) => (wire::LIST, wire::pack(list, b"")),
            Operation::Again(again) => (wire::AGAIN, wire::pack(again, b"")),
            Operation::Replays => (wire::REPLAYS, Vec::new()),
        };
        let answer = self.call(path, body).await?.text().await?;
        Ok((!answer.is_empty()).then_some(answer))
    }

    async fn call(&self, path: &str, message: Vec<u8>) -> Result<Response> {
        let request = request::post(&format!("https://inbox{path}"), [], &message, None)?;
        let response = self.0.fetch_with_request(request).await?;
        match response.status_code() {
            200..=299 => Ok(response),
            status => Err(format!("the inbox answered {status}").into()),
        }
    }
}
