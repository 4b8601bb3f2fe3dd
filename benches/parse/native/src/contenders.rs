//! Who takes part, and whether they all make the same of a document.

use std::hint::black_box;

use serde_json::{Map, Value, json};

use crate::{Result, rounds, serde_typed, tree};

/// Makes a `CloudEvent` from a document.
type Contender = (&'static str, fn(&[u8]) -> Vec<u8>);

const CONTENDERS: [Contender; 3] = [
    ("ours", ours::cloud_event),
    ("quick-xml with serde", serde_typed::cloud_event),
    ("roxmltree", tree::cloud_event),
];

/// Compares by meaning: the order of an object's members is free.
pub(crate) fn check(file: &str, xml: &[u8]) -> Result<()> {
    let mut made = CONTENDERS
        .iter()
        .map(|(name, contender)| (name, contender(xml)));
    let Some((_, ours)) = made.next() else {
        return Ok(());
    };
    let expected: Value = serde_json::from_slice(&ours)?;
    for (name, json) in made {
        let value: Value = serde_json::from_slice(&json)?;
        if value != expected {
            return Err(format!("{file}: {name} makes\n{value}\nwhere ours is\n{expected}").into());
        }
    }
    Ok(())
}

/// The microseconds of each round for each contender and the floor.
pub(crate) fn measure(xml: &[u8], plan: &rounds::Plan) -> Value {
    let mut runs: Vec<Box<dyn FnMut() + '_>> = vec![Box::new(|| {
        black_box(floor::events(black_box(xml)));
    })];
    for (_, contender) in CONTENDERS {
        runs.push(Box::new(move || drop(black_box(contender(black_box(xml))))));
    }
    let names = ["quick-xml's bare loop"]
        .into_iter()
        .chain(CONTENDERS.map(|(name, _)| name));
    let times: Map<String, Value> = names
        .zip(plan.run(&mut runs))
        .map(|(name, times)| (name.to_owned(), json!(times)))
        .collect();
    json!({ "json_bytes": ours::cloud_event(xml).len(), "microseconds": times })
}
