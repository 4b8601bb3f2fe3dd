//! Carries out one step: reads as much of the list as the rules allow, hands over new entries, and lets 3scale drop
//! those that are committed. [`edge_core::recovery::step`] decides.

use edge_core::{
    admin_api::error::{AdminApiError, Code},
    messages::recovery::{State, StepReport},
    recovery::{entry, step::Step},
};
use threescale::failures::Reader;
use worker::Result;

use super::{
    context::{RecoveryContext, UnderWay},
    report,
};
use crate::{
    admin_client::{AdminApi, Call, Reply},
    inbox::client::Inbox,
    log,
    platform::{now_ms, parse_url},
};

/// Makes a step, unless one is under way, and reports it.
pub(super) async fn make(context: &RecoveryContext) -> Result<StepReport> {
    let source = &context.source;
    let Some(under_way) = context.begin() else {
        return Ok(StepReport::new(source.name.clone(), State::Running));
    };
    let now = now_ms();
    context.store.forget(now)?;
    let seen_origins = context.store.seen_origins()?;
    let mut running = Running {
        context,
        under_way,
        now,
        step: Step::begin(
            parse_url,
            &context.config,
            source,
            context.store.ledger()?,
            seen_origins,
            now,
        ),
    };
    let error = running.run().await.err();
    context
        .store
        .remember_origins(running.step.seen_origins())?;
    let (report, ledger) = running.step.end(error);
    context.store.write(ledger, &report)?;
    report::report(context, &report).await;
    Ok(report)
}

struct Running<'c> {
    context: &'c RecoveryContext,
    under_way: UnderWay<'c>,
    now: i64,
    step: Step<'c>,
}

type Outcome<T> = std::result::Result<T, AdminApiError>;

impl Running<'_> {
    async fn run(&mut self) -> Outcome<()> {
        let api = AdminApi::of(
            &self.context.env,
            &self.context.config,
            &self.context.source,
        )
        .ok_or_else(not_configured)?;
        let mut reply = api.send(Call::ListFailures).await?;
        self.step.answered(&reply.header("date"));
        if reply.status != 200 {
            return Err(reply.refusal().await);
        }
        let read = self.read(&mut reply).await;
        reply.end();
        // The readable part of a list that broke off is taken in as well.
        for shard in 0..self.step.inboxes() {
            self.hand_over(shard).await?;
        }
        self.step.finished_reading(read?);
        self.delete(&api).await?;
        self.step.check_progress()
    }

    /// Reads entries until there is enough to do; returns whether that was the whole list.
    async fn read(&mut self, reply: &mut Reply) -> Outcome<bool> {
        let content_type = reply.header("content-type").to_ascii_lowercase();
        if !content_type.contains("xml") {
            return Err(AdminApiError::not_a_list(&content_type));
        }
        let mut reader = Reader::new(&entry::limits());
        while let Some(piece) = reply.next().await? {
            self.under_way.beat();
            self.step.arrived(piece.len());
            reader.push(&piece);
            loop {
                let next = reader.next_entry();
                let next = next.map_err(|error| self.step.list_error(&error, &content_type))?;
                let Some(entry) = next else { break };
                let id = entry::id(&entry);
                let known = self.context.store.has_seen(&id, self.now);
                let known = known.map_err(|error| not_stored(&error))?;
                if let Some(shard) = self.step.read(id, &entry, known) {
                    self.hand_over(shard).await?;
                }
                if self.step.is_enough(now_ms()) {
                    return Ok(false);
                }
            }
            // An entry that trickles in must not take for ever.
            if self.step.is_enough(now_ms()) {
                return Ok(false);
            }
        }
        reader
            .finish()
            .map_err(|error| self.step.list_error(&error, &content_type))?;
        Ok(true)
    }

    /// Gives an inbox its batch. Once it is committed there, its entries count as seen.
    async fn hand_over(&mut self, shard: usize) -> Outcome<()> {
        let Some(mut sending) = self.step.take_batch(shard) else {
            return Ok(());
        };
        let message = std::mem::take(&mut sending.message);
        let receipt = async {
            let number = u32::try_from(shard).unwrap_or(0);
            let inbox = Inbox::of_shard(&self.context.env, &self.context.source, number)?;
            inbox.ask(message).await
        };
        let receipt = receipt.await.map_err(|error| not_stored(&error))?;
        let seen = self.step.committed(sending, &receipt);
        let remembered = self.context.store.remember(&seen, self.now);
        remembered.map_err(|error| not_stored(&error))?;
        self.under_way.beat();
        Ok(())
    }

    async fn delete(&mut self, api: &AdminApi<'_>) -> Outcome<()> {
        let Some(up_to) = self.step.delete_up_to() else {
            return Ok(());
        };
        self.under_way.beat();
        let mut reply = api.send(Call::DeleteFailures { up_to }).await?;
        if !(200..300).contains(&reply.status) {
            return Err(reply.refusal().await);
        }
        self.step.deleted(up_to);
        Ok(())
    }
}

fn not_configured() -> AdminApiError {
    AdminApiError::new(
        Code::NotConfigured,
        "The source has no admin_url or no access token.",
    )
}

/// Our own failure, not 3scale's: the details go to the log.
fn not_stored(error: &worker::Error) -> AdminApiError {
    log::error("storing recovered entries", error);
    AdminApiError::new(
        Code::InboxUnavailable,
        "The entries could not be stored. Nothing is lost: they stay in 3scale's list.",
    )
}
