//! The operators' calls as functions with typed answers: the API serializes them, and the console makes pages of them.
//! Each call becomes one operation of the inboxes, and their replies become one answer.

use edge_core::{
    api::{
        answer::{Replay, Replays, SourceDestinations, Sources},
        audit_log::AuditPage,
        event_list,
        object_list::{ObjectPage, ObjectQuery},
        replay_body::ReplayBody,
        route::{no_event, no_replay},
        stats::Stats,
        usage::Usage,
    },
    config::Config,
    messages::{
        InboxRequest, Operation,
        audit::ListActions,
        destinations::DestinationOverview,
        events::{EventDetails, EventPage, GetEvent, ListEvents, ReplayEvent, ReplayedEvent},
        front_page::ShowFrontPage,
        metrics::InboxMetrics,
        replays::{ListReplays, ReplayCount, ReplayProgress, StartReplay},
        statistics::CountHours,
    },
    name::SourceName,
    problem::Problem,
};
use worker::Env;

use super::{audit, inboxes::ask, unavailable};
use crate::platform::{new_replay_id, now_ms};

pub(crate) use super::{
    export::stream as export,
    feed::read as feed,
    objects::one as object,
    quarantine::{
        drop as drop_quarantined, list as quarantine, one as quarantined, reparse_many, reparse_one,
    },
    recoveries::run as recover,
    register::register,
    sources::all as sources,
    test_event::send as send_test,
};

type Reply<T> = Result<T, Problem>;

/// The state of each destination: it is looked at, paused, resumed or dropped.
pub(crate) async fn destinations<O>(env: &Env, config: &Config, operation: O) -> Reply<Sources>
where
    O: Operation<Request = InboxRequest, Reply = Vec<DestinationOverview>> + Clone,
{
    let mut sources = Vec::new();
    for source in &config.sources {
        let name = &source.name;
        let inboxes = ask(env, config, Some(name), operation.clone()).await?;
        sources.push(SourceDestinations {
            source: name.clone(),
            destinations: DestinationOverview::merge(inboxes),
        });
    }
    Ok(Sources { sources })
}

/// A page of events.
pub(crate) async fn events(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    list: ListEvents,
) -> Reply<EventPage> {
    let limit = list.limit;
    let pages = ask(env, config, source, list).await?;
    Ok(event_list::merge(pages, limit))
}

/// A page of events together with the figures of all sources, for which each inbox is asked once.
pub(crate) async fn front_page(
    env: &Env,
    config: &Config,
    show: ShowFrontPage,
) -> Reply<(EventPage, InboxMetrics, Stats)> {
    let (limit, hours) = (show.list.limit, show.hours.clone());
    let (mut pages, mut metrics, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for one in ask(env, config, None, show).await? {
        pages.push(one.events);
        metrics.push(one.metrics);
        counts.push(one.hours);
    }
    Ok((
        event_list::merge(pages, limit),
        InboxMetrics::merge(metrics),
        Stats::of(&hours, counts),
    ))
}

/// One event.
pub(crate) async fn event(env: &Env, config: &Config, get: GetEvent) -> Reply<EventDetails> {
    one_of(ask(env, config, None, get).await?, no_event)
}

/// Delivers one event again.
pub(crate) async fn replay_event(
    env: &Env,
    config: &Config,
    replay: ReplayEvent,
) -> Reply<ReplayedEvent> {
    one_of(ask(env, config, None, replay).await?, no_event)
}

/// The newest replays.
pub(crate) async fn replays(env: &Env, config: &Config, list: ListReplays) -> Reply<Replays> {
    Ok(Replays {
        replays: ReplayProgress::merge(ask(env, config, None, list).await?),
    })
}

/// The progress of a replay: it is looked at, or cancelled.
pub(crate) async fn one_replay<O>(env: &Env, config: &Config, operation: O) -> Reply<ReplayProgress>
where
    O: Operation<Request = InboxRequest, Reply = Option<ReplayProgress>> + Clone,
{
    let inboxes = ask(env, config, None, operation).await?;
    let inboxes = inboxes.into_iter().flatten().map(|one| vec![one]);
    let replay = ReplayProgress::merge(inboxes.collect()).into_iter().next();
    replay.ok_or_else(no_replay)
}

/// Delivers many events again, or counts them.
pub(crate) async fn replay(env: &Env, config: &Config, body: ReplayBody) -> Reply<Replay> {
    let id = if body.dry_run {
        None
    } else {
        Some(new_replay_id(now_ms()).map_err(|error| unavailable(&error))?)
    };
    let operation = StartReplay {
        id,
        filter: body.events.filter,
        destinations: body.destinations,
    };
    let counts = ask(env, config, body.events.source.as_ref(), operation).await?;
    Ok(Replay::of(id, ReplayCount::merge(&counts)))
}

/// A page of objects.
pub(crate) async fn objects(env: &Env, config: &Config, query: &ObjectQuery) -> Reply<ObjectPage> {
    let inboxes = ask(env, config, query.source.as_ref(), query.operation()).await?;
    Ok(query.merge(inboxes))
}

/// Figures by hour.
pub(crate) async fn stats(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    hours: CountHours,
) -> Reply<Stats> {
    let inboxes = ask(env, config, source, hours.clone()).await?;
    Ok(Stats::of(&hours, inboxes))
}

/// The free plan's limits, with how much of each is left today.
pub(crate) async fn usage(env: &Env, config: &Config, today: CountHours) -> Reply<Usage> {
    let inboxes = ask(env, config, None, today.clone()).await?;
    Ok(Usage::of(config, &today, inboxes))
}

/// A page of what operators did.
pub(crate) async fn audit(env: &Env, config: &Config, list: ListActions) -> Reply<AuditPage> {
    let limit = list.limit;
    Ok(AuditPage::merge(
        audit::read(env, config, list).await?,
        limit,
    ))
}

/// The reply of the only inbox that has one.
fn one_of<T>(replies: Vec<Option<T>>, none: impl FnOnce() -> Problem) -> Reply<T> {
    let found = replies.into_iter().flatten().next();
    found.ok_or_else(none)
}
