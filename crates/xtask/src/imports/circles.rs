//! Circles in a graph of names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The advice for getting rid of a circle.
pub(crate) const REMEDY: &str =
    "one of these arrows has to go: move what both need into a module below them";

/// From each name to those that it leads to.
pub(crate) type Graph<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Circles of the graph, the shortest first, each as the names along it. No two of them share an arrow, so that one
/// bad arrow is not told over and over.
pub(crate) fn find(mut graph: Graph<'_>) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    while let Some(circle) = shortest(&graph) {
        for (from, to) in arrows(&circle) {
            graph.entry(from).or_default().remove(to);
        }
        found.push(circle);
    }
    found
}

/// The arrows of a circle.
pub(crate) fn arrows<'a>(circle: &[&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    circle
        .iter()
        .copied()
        .zip(circle.iter().copied().cycle().skip(1))
}

/// `a -> b -> a`.
pub(crate) fn written(circle: &[&str]) -> String {
    [circle, circle.get(..1).unwrap_or_default()]
        .concat()
        .join(" -> ")
}

fn shortest<'a>(graph: &Graph<'a>) -> Option<Vec<&'a str>> {
    graph
        .keys()
        .filter_map(|name| back(graph, name))
        .min_by_key(Vec::len)
}

/// The shortest way from a name back to it.
fn back<'a>(graph: &Graph<'a>, name: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![name]]);
    let mut reached = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way
            .last()
            .and_then(|last| graph.get(last))
            .into_iter()
            .flatten()
        {
            if *next == name {
                return Some(way);
            }
            if reached.insert(*next) {
                ways.push_back([way.as_slice(), &[*next]].concat());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(arrows: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut graph = Graph::new();
        for (from, to) in arrows {
            graph.entry(from).or_default().insert(to);
        }
        find(graph).iter().map(|circle| written(circle)).collect()
    }

    #[test]
    fn a_circle_of_any_length_is_found() {
        assert_eq!(
            circles(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "b")]),
            ["b -> c -> d -> b"]
        );
        assert_eq!(
            circles(&[("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]),
            ["a -> b -> a", "c -> d -> c"]
        );
    }

    #[test]
    fn the_shortest_comes_first_and_no_arrow_comes_twice() {
        let arrows = [
            ("lib", "a"),
            ("lib", "b"),
            ("a", "b"),
            ("b", "lib"),
            ("b", "c"),
            ("c", "b"),
        ];
        assert_eq!(circles(&arrows), ["b -> c -> b", "b -> lib -> b"]);
    }

    #[test]
    fn two_ways_to_one_name_are_no_circle() {
        assert_eq!(
            circles(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]),
            Vec::<String>::new()
        );
    }
}
