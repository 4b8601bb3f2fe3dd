//! `GET /api/v1/events`: the events of all sources, newest first.

use super::{
    filter::{Asked, unknown},
    json_body::wrong,
    page::Page,
};
use crate::{config::Config, problem::Problem, secret::decoded};

const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 200;

/// The page that the inboxes' answers make.
pub fn page(answers: &[String], limit: usize) -> String {
    let pages: Vec<_> = answers.iter().map(|answer| Page::read(answer)).collect();
    json(&Page::of(&pages, limit))
}

fn json(page: &Page) -> String {
    let mut json = String::from(r#"{"events":["#);
    for (index, line) in page.lines.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(line.split_once(' ').map_or("", |(_, event)| event));
    }
    json.push_str(r#"],"cursor":"#);
    match &page.rest {
        // An id has nothing that JSON would want escaped.
        Some(rest) => json.extend(["\"", rest.as_str(), "\"}"]),
        None => json.push_str("null}"),
    }
    json
}

/// The filter and the limit that a query asks for.
pub fn read(query: &str, config: &Config) -> Result<(Asked, usize), Problem> {
    let mut asked = Asked::default();
    let (mut limit, mut cursor) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        match name.as_str() {
            "limit" => limit = Some(number(&value)?),
            "cursor" if is_id(&value) => cursor = Some(value),
            "cursor" => return Err(wrong("cursor", "must be that of an earlier answer")),
            name => {
                if !asked.take(name, &value, config)? {
                    return Err(unknown(name, "cursor and limit"));
                }
            }
        }
    }
    if let Some(cursor) = cursor {
        asked.go_on_before(&cursor);
    }
    Ok((asked, limit.unwrap_or(DEFAULT_LIMIT)))
}

fn number(value: &str) -> Result<usize, Problem> {
    let number = value.parse().ok();
    number
        .filter(|number| (1..=LARGEST_LIMIT).contains(number))
        .ok_or_else(|| wrong("limit", "must be a number from 1 to 200"))
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::tests::config, filter::Member};

    const ID: &str = "0192f3c4-0000-7000-8000-000000000000";

    #[test]
    fn a_query_is_read_and_decoded() {
        let (asked, limit) = read(
            "type=user&q=two+words%2B&since=2026-11-22T10:00:00%2B01:00",
            &config(),
        )
        .unwrap();
        assert_eq!(limit, 50);
        assert_eq!(asked.filter.get(Member::Kind), Some("user"));
        assert_eq!(asked.filter.get(Member::Text), Some("two words+"));
        assert!(asked.filter.has(Member::From));
        assert_eq!(read("", &config()).unwrap(), (Asked::default(), 50));
    }

    #[test]
    fn a_list_goes_on_at_its_cursor() {
        for query in [
            format!("cursor={ID}"),
            format!("cursor={ID}&until=2999-01-01T00:00:00Z"),
        ] {
            let (asked, _) = read(&query, &config()).unwrap();
            assert_eq!(asked.filter.get(Member::Before), Some(ID), "{query}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, name) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=many", "limit"),
            ("limit", "limit"),
            ("cursor=2", "cursor"),
            ("cursor=", "cursor"),
            ("colour=red", "colour"),
            ("type", "type"),
        ] {
            let problem = read(query, &config()).unwrap_err();
            assert_eq!(problem.code(), "invalid_parameter");
            assert!(
                problem.to_string().starts_with(&format!("`{name}` ")),
                "{problem}"
            );
        }
        assert_eq!(read("limit=200", &config()).unwrap().1, 200);
    }

    #[test]
    fn the_answer_is_json() {
        let page = Page::read(&format!("{ID}\n{ID} {{\"id\":1}}\n{ID} {{\"id\":2}}"));
        assert_eq!(
            json(&page),
            format!(r#"{{"events":[{{"id":1}},{{"id":2}}],"cursor":"{ID}"}}"#)
        );
        assert_eq!(json(&Page::default()), r#"{"events":[],"cursor":null}"#);
    }
}
