//! Health.

use console::{frame::Tab, link::Query, pages::health::HealthPage};
use edge_core::{api::Call, problem::Problem};
use worker::WorkerVersionMetadata;

use super::{
    Shown, respond,
    visit::{Visit, unexpected},
};
use crate::{api::calls, platform::parse_url};

pub(super) async fn show(visit: &Visit<'_>) -> Shown {
    let Visit {
        env, config, setup, ..
    } = visit;
    let Call::Usage(today) = visit.read(&["usage"], &Query::default())? else {
        return Err(unexpected());
    };
    let usage = calls::usage(env, config, today).await?;
    let sources = calls::sources(env, config).await?;
    let url = parse_url(&visit.url).ok_or(Problem::InvalidHost)?;
    let version = env.get_binding::<WorkerVersionMetadata>("VERSION");
    let deployment = version.map_or_else(|_| String::new(), |version| version.id());
    let frame = visit.frame("Health", Tab::Health);
    let page = HealthPage::of(frame, setup, &url, &sources, &usage, deployment);
    respond::page(&page)
}
