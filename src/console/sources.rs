//! The sources.

use console::{frame::Tab, pages::sources::SourcesPage};

use super::{Shown, respond, visit::Visit};
use crate::{api::calls, platform::parse_url};

pub(super) async fn show(visit: &Visit<'_>) -> Shown {
    let Visit {
        env, config, url, ..
    } = visit;
    let sources = calls::sources(env, config).await?;
    let origin = parse_url(url).map_or_else(String::new, |url| url.origin);
    let frame = visit.frame("Sources", Tab::Sources);
    respond::page(&SourcesPage::of(frame, &sources, config, &origin))
}
