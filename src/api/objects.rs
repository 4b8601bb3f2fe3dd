//! `GET /api/v1/objects/{type}/{id}`: an object, in each source that has it.

use edge_core::{
    api::{answer::Objects, object_list, route::no_object},
    config::Config,
    messages::objects::{GetObject, ObjectDetails},
    name::SourceName,
    problem::Problem,
};
use worker::Env;

use super::inboxes::ask;

pub(crate) async fn one(
    env: &Env,
    config: &Config,
    source: Option<&SourceName>,
    get: GetObject,
) -> Result<Objects, Problem> {
    let mut objects: Vec<ObjectDetails> = Vec::new();
    for source in config.chosen(source.map(SourceName::as_str)) {
        let inboxes = ask(env, config, Some(&source.name), get.clone()).await?;
        objects.extend(object_list::one(inboxes.into_iter().flatten()));
    }
    if objects.is_empty() {
        return Err(no_object());
    }
    Ok(Objects { objects })
}
