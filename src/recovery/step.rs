//! One step: reads the list as far as the limits allow, hands over what is new, and lets 3scale drop
//! what is committed.

use edge_core::{
    admin_api::trouble::Trouble,
    messages::Recovered,
    recovery::{
        batch::Batch,
        entry::{self, Sorter},
        plan::{self, List, Pace, Reading},
        run::Run,
    },
    time::{http_date, rfc3339},
};
use threescale::{Timestamp, failures::Reader};
use worker::Result;

use super::{
    context::{Core, UnderWay},
    report,
    store::Ledger,
};
use crate::{
    admin_client::{AdminApi, Call, Reply},
    inbox::client::Inbox,
    platform::{now_ms, parse_url},
};

/// Makes a step, unless one is under way, and says what came of it.
pub(super) async fn make(core: &Core) -> Result<Run> {
    let name = core.source.name.as_str();
    let Some(under_way) = core.begin() else {
        return Ok(Run::new(name, "running"));
    };
    let began = now_ms();
    core.store.forget(began)?;
    let before = core.store.ledger()?;
    let mut step = Step {
        core,
        under_way,
        began,
        pace: Pace::new(core.config.time_factor),
        before,
        run: Run::new(name, "ok"),
        sorter: Sorter::new(parse_url, &core.source),
        reading: Reading::default(),
        batches: (0..core.source.shards).map(|_| Batch::default()).collect(),
        held: Vec::new(),
        new_entries: 0,
        new_bytes: 0,
        calls: 0,
        date: None,
        is_complete: false,
        known_up_to: None,
    };
    step.run.at = rfc3339(began);
    let trouble = step.go().await.err();
    let (run, after) = step.end(trouble);
    core.store.write(after, &run)?;
    report::report(core, &run).await;
    Ok(run)
}

struct Step<'c> {
    core: &'c Core,
    under_way: UnderWay<'c>,
    began: i64,
    pace: Pace,
    before: Ledger,
    run: Run,
    sorter: Sorter<'c>,
    reading: Reading,
    /// One for each inbox.
    batches: Vec<Batch>,
    /// When 3scale gave up the entries that stay in the list, in milliseconds since 1970.
    held: Vec<i64>,
    new_entries: u32,
    new_bytes: usize,
    calls: usize,
    /// 3scale's clock, in seconds since 1970.
    date: Option<i64>,
    /// Whether the list was read to its end, and all of it is committed.
    is_complete: bool,
    /// Up to when, in milliseconds, all that 3scale gave up is known.
    known_up_to: Option<i64>,
}

impl Step<'_> {
    async fn go(&mut self) -> std::result::Result<(), Trouble> {
        let api = AdminApi::of(&self.core.config, &self.core.source).ok_or_else(|| {
            Trouble::new(
                "not_configured",
                "The source has no admin_url or no access token.",
            )
        })?;
        let mut reply = api.send(Call::ListFailures).await?;
        self.calls += 1;
        if reply.status != 200 {
            return Err(reply.refusal().await);
        }
        self.date = http_date::parse(&reply.header("date")).map(|ms| ms / 1000);
        let read = self.read(&mut reply).await;
        reply.end();
        // What was understood of a list that broke off is taken in as well.
        for shard in 0..self.batches.len() {
            self.hand_over(shard).await?;
        }
        self.is_complete = read?;
        let list = List {
            is_complete: self.is_complete,
            date: self.date,
        };
        let known_up_to = self.reading.known_up_to(list);
        self.known_up_to = known_up_to.map(|seconds| seconds.saturating_mul(1000));
        self.delete(&api, list).await
    }

    /// Reads entries until there is enough to do; says whether that was all of them.
    async fn read(&mut self, reply: &mut Reply) -> std::result::Result<bool, Trouble> {
        let content_type = reply.header("content-type").to_ascii_lowercase();
        if !content_type.contains("xml") {
            return Err(Trouble::not_a_list(&content_type));
        }
        let mut reader = Reader::new(&entry::limits());
        let broken = |error: &threescale::Error, read: u32| match error.code() {
            "not_a_failures_list" | "doctype_forbidden" if read == 0 => {
                Trouble::not_a_list(&content_type)
            }
            // Without the parser's words, which may quote what stands there.
            code => Trouble::new(
                "broken_list",
                format!(
                    "The list of failed deliveries breaks at line {}, column {} ({code}). What came before is \
                     taken in, and nothing is deleted.",
                    error.line(),
                    error.column()
                ),
            ),
        };
        while let Some(piece) = reply.next().await? {
            self.under_way.beat();
            reader.push(&piece);
            loop {
                let next = reader.next_entry();
                let Some(entry) = next.map_err(|error| broken(&error, self.run.read))? else {
                    break;
                };
                if let Some(shard) = self.look_at(&entry)?
                    && self.batches.get(shard).is_some_and(Batch::is_full)
                {
                    self.hand_over(shard).await?;
                }
                if self.is_enough() {
                    return Ok(false);
                }
            }
            // An entry that comes in drops must not take for ever.
            if self.is_enough() {
                return Ok(false);
            }
        }
        reader
            .finish()
            .map_err(|error| broken(&error, self.run.read))?;
        Ok(true)
    }

    /// Puts an entry into its inbox's batch, if it is new; gives back the inbox's number.
    fn look_at(
        &mut self,
        entry: &threescale::failures::Entry<'_>,
    ) -> std::result::Result<Option<usize>, Trouble> {
        let id = entry::id(entry);
        let known = self
            .core
            .store
            .has_seen(&id, self.began)
            .map_err(|error| ours(&error))?;
        self.run.read += 1;
        self.reading.saw(entry::time(entry), known);
        if known {
            self.run.known += 1;
            return Ok(None);
        }
        let item = self.sorter.item(id, entry, self.began);
        self.new_entries += 1;
        self.new_bytes += item.document.len();
        let shard = usize::try_from(item.shard).unwrap_or(0);
        if let Some(batch) = self.batches.get_mut(shard) {
            batch.add(item);
        }
        Ok(Some(shard))
    }

    fn is_enough(&self) -> bool {
        let pending = self
            .batches
            .iter()
            .filter(|batch| !batch.is_empty())
            .count();
        plan::is_enough(
            self.new_entries,
            self.new_bytes,
            self.calls + pending,
            now_ms() - self.began,
        )
    }

    /// Gives an inbox its batch. Once it is committed there, its entries count as seen.
    async fn hand_over(&mut self, shard: usize) -> std::result::Result<(), Trouble> {
        let Some(batch) = self.batches.get_mut(shard).map(std::mem::take) else {
            return Ok(());
        };
        if batch.is_empty() {
            return Ok(());
        }
        self.calls += 1;
        let bytes = batch.bytes;
        let message = Recovered {
            judge_before: self.pace.judge_before(self.before.swept_at),
        };
        let taken = async {
            let number = u32::try_from(shard).unwrap_or(0);
            let inbox = Inbox::of_shard(&self.core.env, &self.core.source, number)?;
            let taken = inbox.take_in_recovered(&message, &batch.message).await?;
            let is_held = |id: &str| taken.held.iter().any(|held| held == id);
            let mut committed = Vec::new();
            for (id, at) in batch.entries {
                if is_held(&id) {
                    self.held.push(at);
                    self.reading.held(at / 1000);
                } else {
                    committed.push(id);
                }
            }
            self.core.store.remember(&committed, self.began)?;
            if committed.is_empty() {
                self.new_bytes = self.new_bytes.saturating_sub(bytes);
            }
            // What stays must not keep this step, and each after it, from what is behind it.
            let held = u32::try_from(taken.held.len()).unwrap_or(u32::MAX);
            self.new_entries = self.new_entries.saturating_sub(held);
            Ok::<_, worker::Error>(taken)
        };
        let taken = taken.await.map_err(|error| ours(&error))?;
        self.under_way.beat();
        let run = &mut self.run;
        run.taken_in += taken.taken_in;
        run.repeats += taken.repeats;
        run.known += taken.known;
        run.quarantined += taken.quarantined;
        Ok(())
    }

    async fn delete(&mut self, api: &AdminApi<'_>, list: List) -> std::result::Result<(), Trouble> {
        let up_to = self.reading.delete_up_to(list, self.pace);
        let Some(up_to) = up_to.and_then(|s| Timestamp::from_unix_millis(s.saturating_mul(1000)))
        else {
            return Ok(());
        };
        self.under_way.beat();
        let mut reply = api.send(Call::DeleteFailures { up_to }).await?;
        if !(200..300).contains(&reply.status) {
            return Err(reply.refusal().await);
        }
        self.run.deleted_up_to = Some(up_to.to_rfc3339());
        Ok(())
    }

    /// What came of it, and how recovery stands now.
    fn end(self, trouble: Option<Trouble>) -> (Run, Ledger) {
        let mut run = self.run;
        let mut after = self.before;
        run.foreign = self.sorter.foreign;
        run.foreign_url = self.sorter.foreign_url;
        run.held = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        if self.is_complete {
            after.swept_at = self.known_up_to.unwrap_or(self.began);
        } else if let Some(known_up_to) = self.known_up_to {
            after.swept_at = after.swept_at.max(known_up_to);
        }
        if let Some(trouble) = trouble {
            after.failures += 1;
            let pause = self.pace.pause(after.failures, trouble.retry_after_ms);
            after.next_at = self.began + pause;
            run.state = trouble.code;
            run.detail = Some(trouble.detail);
            run.next_at = Some(rfc3339(after.next_at));
        } else {
            after.failures = 0;
            after.next_at = 0;
            let judge_before = self.pace.judge_before(after.swept_at);
            let can_judge = self.held.iter().any(|at| *at < judge_before);
            // A step that moves nothing would be followed by its like for ever.
            let moved = self.new_entries > 0 || run.deleted_up_to.is_some();
            run.more = can_judge || (moved && !self.is_complete);
        }
        run.failures_in_a_row = u32::try_from(after.failures).unwrap_or(u32::MAX);
        (run, after)
    }
}

/// Our own failure, not 3scale's: the details are for the log.
fn ours(error: &worker::Error) -> Trouble {
    crate::log::trouble("recovery", error);
    Trouble::new(
        "inbox_unavailable",
        "What was read could not be stored. Nothing is lost: it stays in 3scale's list.",
    )
}
