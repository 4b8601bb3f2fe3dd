//! Objects of 3scale.

use console::{
    frame::Tab,
    link::{Query, encoded},
    pages::objects::{ObjectPage, ObjectsPage, TYPES},
};
use edge_core::{
    api::{Call, object_list::ObjectPage as Found},
    problem::Problem,
};

use super::{
    Shown, respond,
    visit::{Visit, unexpected},
};
use crate::api::calls;

pub(super) async fn list(visit: &Visit<'_>) -> Shown {
    let Visit {
        env, config, query, ..
    } = visit;
    let (kind, id) = (query.get("type"), query.get("id"));
    let found = match (kind, id) {
        (_, "") => {
            let Call::Objects(asked) = visit.read(&["objects"], &query.without(&["done"]))? else {
                return Err(unexpected());
            };
            calls::objects(env, config, &asked).await?
        }
        ("", id) => of_any_type(visit, id).await?,
        (kind, id) => {
            return respond::go_to(&format!(
                "/console/objects/{}/{}",
                encoded(kind),
                encoded(id)
            ));
        }
    };
    let frame = visit.frame("Objects", Tab::Objects);
    respond::page(&ObjectsPage::of(frame, &found, query, config))
}

/// The objects of this id: 3scale numbers each type by itself.
async fn of_any_type(visit: &Visit<'_>, id: &str) -> Result<Found, Problem> {
    let mut objects = Vec::new();
    for kind in TYPES {
        let Call::Object(source, get) =
            visit.read(&["objects", kind, &encoded(id)], &only_source(visit))?
        else {
            return Err(unexpected());
        };
        match calls::object(visit.env, visit.config, source.as_ref(), get).await {
            Ok(found) => objects.extend(found.objects.into_iter().map(|one| one.summary)),
            Err(Problem::Unknown(_)) => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(Found {
        objects,
        cursor: None,
    })
}

fn only_source(visit: &Visit<'_>) -> Query {
    match visit.query.get("source") {
        "" => Query::default(),
        source => Query::default().with("source", source),
    }
}

pub(super) async fn one(visit: &Visit<'_>, kind: &str, id: &str) -> Shown {
    let Call::Object(source, get) = visit.read(&["objects", kind, id], &only_source(visit))? else {
        return Err(unexpected());
    };
    let key = get.key.clone();
    let found = calls::object(visit.env, visit.config, source.as_ref(), get).await?;
    let frame = visit.frame("Object", Tab::Objects);
    respond::page(&ObjectPage::of(frame, &key.kind, &key.id, &found))
}
