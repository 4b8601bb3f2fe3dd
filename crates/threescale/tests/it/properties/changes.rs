//! Changes to a document, some of which keep its meaning.

use proptest::prelude::*;
use proptest::sample::Index;

use super::{Element, Inside};
use crate::model::text::{any_name, any_text};

#[derive(Clone, Debug)]
pub(super) enum Change {
    Text(String),
    Append(char),
    Attribute(String),
    Rename(String),
    Swap,
    Drop,
    Repeat,
    Add(String),
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any_text().prop_map(Change::Text),
        prop::sample::select(vec![' ', '\n', '\t', 'a', '\u{A0}']).prop_map(Change::Append),
        any_text().prop_map(Change::Attribute),
        any_name().prop_map(Change::Rename),
        Just(Change::Swap),
        Just(Change::Drop),
        Just(Change::Repeat),
        any_name().prop_map(Change::Add),
    ]
}

/// Changes one of the elements that the change can be applied to.
pub(super) fn apply(change: &Change, at: Index, document: &mut Element) {
    let fits = |element: &Element| match change {
        Change::Text(_) | Change::Append(_) => matches!(element.inside, Inside::Text(_)),
        Change::Swap | Change::Drop | Change::Repeat => {
            matches!(&element.inside, Inside::Elements(e) if e.len() > 1)
        }
        Change::Add(_) => matches!(element.inside, Inside::Elements(_)),
        Change::Attribute(_) | Change::Rename(_) => true,
    };
    let mut count = 0;
    document.all_mut(&mut |element| count += usize::from(fits(element)));
    let (target, mut seen) = (at.index(count.max(1)), 0);
    document.all_mut(&mut |element| {
        if !fits(element) {
            return;
        }
        seen += 1;
        if seen - 1 != target {
            return;
        }
        match (change, &mut element.inside) {
            (Change::Text(text), inside) => *inside = Inside::Text(text.clone()),
            (Change::Append(c), Inside::Text(text)) => text.push(*c),
            (Change::Swap, Inside::Elements(elements)) => elements.rotate_left(1),
            (Change::Drop, Inside::Elements(elements)) => {
                drop(elements.remove(at.index(elements.len())));
            }
            (Change::Repeat, Inside::Elements(elements)) => {
                elements.push(elements[at.index(elements.len())].clone());
            }
            (Change::Add(name), Inside::Elements(elements)) => {
                elements.push(Element::new(name, Inside::Nil));
            }
            (Change::Rename(name), _) => element.name.clone_from(name),
            (Change::Attribute(value), _) => match element.attributes.first_mut() {
                Some((_, old)) => old.clone_from(value),
                None => element.attributes.push(("new".to_owned(), value.clone())),
            },
            _ => {}
        }
    });
}
