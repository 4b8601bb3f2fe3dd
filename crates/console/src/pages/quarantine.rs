//! The quarantine: bodies that could not be parsed, and one of them with the place where it broke.

use askama::Template;
use edge_core::{
    api::quarantine::QuarantinePage as Bodies,
    config::Config,
    messages::quarantine::{QuarantinedBody, QuarantinedDetails},
};

use super::events::Choice;
use crate::{frame::Frame, link::Query, markup::Markup, moment, text::place::Excerpt};

/// The list of bodies.
#[derive(Debug, Template)]
#[template(path = "quarantine.html")]
pub struct QuarantinePage {
    /// What is around it.
    pub frame: Frame,
    /// The bodies.
    pub rows: Vec<Row>,
    /// The fields of the filter.
    pub choices: Vec<Choice>,
    /// `true` if any is set.
    pub is_filtered: bool,
    /// The code of which all can be parsed again; empty if several are shown.
    pub code: String,
    /// The source of these, if one is chosen.
    pub source: String,
    /// Where parsing again goes on, if one call was not enough.
    pub rest: String,
    /// The query of the next page; empty if this is all.
    pub older: String,
}

/// A body in the list.
#[derive(Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// The code of what is wrong with it.
    pub code: String,
    /// The same in words, with the place.
    pub detail: String,
    /// The source.
    pub source: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub size: String,
    /// How often it came, if more than once.
    pub repeats: String,
    /// `true` if recovery brought it, so that 3scale does not have it any more.
    pub is_recovered: bool,
    /// When it came first.
    pub received: Markup,
    /// When it came last.
    pub last: Markup,
}

impl Row {
    fn of(body: &QuarantinedBody, now_ms: i64) -> Self {
        Self {
            id: body.id.to_string(),
            code: body.code.clone(),
            detail: body.detail.clone(),
            source: body.source.to_string(),
            media_type: body.media_type.clone(),
            size: moment::size(body.bytes),
            repeats: match body.times {
                0 | 1 => String::new(),
                times => format!("{} times", moment::count(times)),
            },
            is_recovered: body.recovered,
            received: moment::ago(body.received_at, now_ms),
            last: moment::ago(body.last_at, now_ms),
        }
    }
}

impl QuarantinePage {
    /// From the API's answer. `query` is that of the page.
    #[must_use]
    pub fn of(frame: Frame, page: &Bodies, query: &Query, config: &Config) -> Self {
        let (code, source) = (query.get("code"), query.get("source"));
        let mut codes: Vec<_> = page.bodies.iter().map(|body| body.code.clone()).collect();
        codes.sort();
        codes.dedup();
        let same = |values: Vec<String>| values.into_iter().map(|one| (one.clone(), one)).collect();
        let sources = config.sources.iter().map(|one| one.name.to_string());
        let only = match codes.as_slice() {
            [only] => only.clone(),
            _ => code.to_owned(),
        };
        let selection = query.without(&["done", "rest"]);
        Self {
            rows: page
                .bodies
                .iter()
                .map(|body| Row::of(body, frame.now_ms))
                .collect(),
            is_filtered: !(code.is_empty() && source.is_empty()),
            code: only,
            source: source.to_owned(),
            rest: query.get("rest").to_owned(),
            older: match &page.cursor {
                Some(cursor) => selection.with("cursor", &cursor.to_string()).text(),
                None => String::new(),
            },
            choices: vec![
                Choice::of("code", "any code", same(codes), code),
                Choice::of("source", "any source", same(sources.collect()), source),
            ],
            frame,
        }
    }
}

/// One body.
#[derive(Debug, Template)]
#[template(path = "quarantined.html")]
pub struct QuarantinedPage {
    /// What is around it.
    pub frame: Frame,
    /// What is known of it.
    pub row: Row,
    /// The line where it broke.
    pub line: u64,
    /// The column.
    pub column: u64,
    /// The body around that place.
    pub excerpt: Excerpt,
}

impl QuarantinedPage {
    /// From the API's answer.
    #[must_use]
    pub fn of(frame: Frame, body: &QuarantinedDetails) -> Self {
        Self {
            row: Row::of(&body.summary, frame.now_ms),
            line: body.summary.line,
            column: body.summary.column,
            excerpt: Excerpt::of(body),
            frame,
        }
    }
}

#[cfg(test)]
mod tests {
    use edge_core::{id::QuarantineId, messages::document::Document, time::UnixMillis};

    use super::*;
    use crate::pages::tests::{HOSTILE, frame, is_only_text};

    fn body(code: &str) -> QuarantinedBody {
        QuarantinedBody {
            id: QuarantineId::new(5, &[0; 10]),
            source: "acme".parse().unwrap(),
            code: code.to_owned(),
            detail: format!("found {HOSTILE}"),
            line: 1,
            column: 3,
            media_type: "application/xml".to_owned(),
            bytes: 1500,
            times: 3,
            recovered: true,
            received_at: UnixMillis(0),
            last_at: UnixMillis(60_000),
        }
    }

    fn list(codes: &[&str], query: &str) -> String {
        let page = Bodies {
            bodies: codes.iter().map(|code| body(code)).collect(),
            cursor: Some(body("x").id),
        };
        let page = QuarantinePage::of(frame(), &page, &Query::read(query), &Config::default());
        page.render().unwrap()
    }

    #[test]
    fn all_of_one_code_can_be_parsed_again_once_one_is_chosen_and_the_list_goes_on() {
        let mixed = list(&["malformed_xml", "missing_field"], "");
        is_only_text(&mixed);
        assert!(
            mixed.contains("3 times") && mixed.contains("1.5 KB"),
            "{mixed}"
        );
        assert!(mixed.contains("href=\"?cursor="));
        assert!(!mixed.contains("action=\"/console/quarantine/reparse\""));
        let one = list(
            &["malformed_xml"],
            "code=malformed_xml&rest=abc&done=reparsed",
        );
        assert!(one.contains("name=\"code\" value=\"malformed_xml\""));
        assert!(one.contains("name=\"cursor\" value=\"abc\""));
        assert!(
            one.contains("href=\"?code=malformed_xml&#38;cursor="),
            "{one}"
        );
        assert!(list(&[], "").contains("Nothing is in the quarantine"));
        assert!(list(&[], "code=x").contains("No body matches"));
    }

    #[test]
    fn a_body_is_shown_as_text_with_its_place_marked() {
        let details = QuarantinedDetails {
            summary: body("malformed_xml"),
            body: Document(format!("<a{HOSTILE}\n<user_key>s3cret-key</user_key>").into_bytes()),
        };
        let page = QuarantinedPage::of(frame(), &details).render().unwrap();
        is_only_text(&page);
        assert!(page.contains("&lt;a<mark>&quot;</mark>"), "{page}");
        assert!(!page.contains("s3cret-key"));
        assert!(page.contains("data-confirm") && page.contains("/drop\""));
    }
}
