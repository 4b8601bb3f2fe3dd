//! `/api/v1/quarantine`: the bodies that could not be parsed, and parsing them again.

use std::{borrow::Cow, cmp::Reverse};

use serde::{Deserialize, Serialize};

use super::{
    json_body,
    query::{limit, pairs, source, wrong_cursor},
};
use crate::{
    config::Config,
    hooks::media_type::MediaType,
    id::{EventId, QuarantineId},
    messages::{
        document::Document,
        intake::{Intake, Receipt, Status},
        quarantine::{ListQuarantine, QuarantinedBody, QuarantinedDetails, TakeReparsed},
    },
    name::SourceName,
    problem::Problem,
    sort::sort_by_key,
};
use threescale::{Limits, Notification, form};

const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 200;
/// How many bodies one call parses again: each takes four calls of inboxes at most, and the free plan allows 50.
pub const MOST_REPARSED: usize = 10;

/// A query or a body that selects bodies: the source, or all of them, and the page.
pub type Selection = (Option<SourceName>, ListQuarantine);

/// Parses a query.
///
/// # Errors
///
/// A value is invalid.
pub fn read(query: &str, config: &Config) -> Result<Selection, Problem> {
    let mut of = None;
    let mut list = ListQuarantine {
        code: None,
        after: None,
        newest_first: true,
        limit: DEFAULT_LIMIT,
    };
    for (name, value) in pairs(query)? {
        match name.as_str() {
            "source" => of = Some(source(&value, config)?),
            "code" => list.code = Some(value),
            "cursor" => list.after = Some(value.parse().map_err(|_| wrong_cursor())?),
            _ => list.limit = limit(&value, LARGEST_LIMIT)?,
        }
    }
    Ok((of, list))
}

/// Parses the body of a request to parse many again: `{"code":"malformed_xml","source":"acme"}`. The oldest come first,
/// so that events keep their order.
///
/// # Errors
///
/// The code is missing, or a value is invalid.
pub fn read_reparse(body: &[u8], config: &Config) -> Result<Selection, Problem> {
    let members = json_body::of(body, &["code", "source", "cursor"])?;
    let code = json_body::text(&members, "code")?;
    let code = code
        .filter(|code| !code.is_empty())
        .ok_or_else(|| json_body::wrong("code", "must be a code of 422, such as malformed_xml"))?;
    let of = json_body::text(&members, "source")?;
    let of = of.map(|name| source(name, config)).transpose()?;
    let after = json_body::text(&members, "cursor")?;
    let after = after
        .map(str::parse)
        .transpose()
        .map_err(|_| wrong_cursor())?;
    let list = ListQuarantine {
        code: Some(code.to_owned()),
        after,
        newest_first: false,
        limit: MOST_REPARSED,
    };
    Ok((of, list))
}

/// A page of bodies.
#[derive(Debug, Serialize, Deserialize)]
pub struct QuarantinePage {
    /// The bodies.
    pub bodies: Vec<QuarantinedBody>,
    /// Where the list continues; `None` if this is all.
    pub cursor: Option<QuarantineId>,
}

impl QuarantinePage {
    /// From the answers of several inboxes. Ids sort by their time.
    #[must_use]
    pub fn merge(inboxes: Vec<Vec<QuarantinedBody>>, list: &ListQuarantine) -> Self {
        let has_more = inboxes.iter().any(|inbox| inbox.len() >= list.limit);
        let mut bodies: Vec<_> = inboxes.into_iter().flatten().collect();
        if list.newest_first {
            sort_by_key(&mut bodies, |body| Reverse(body.id));
        } else {
            sort_by_key(&mut bodies, |body| body.id);
        }
        let has_more = has_more || bodies.len() > list.limit;
        bodies.truncate(list.limit);
        let end = bodies.last().filter(|_| has_more);
        Self {
            cursor: end.map(|end| end.id),
            bodies,
        }
    }
}

/// What came of parsing a body again.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reparsed {
    /// The body's id.
    pub id: QuarantineId,
    /// `accepted`, `duplicate` or `unparsable`. It left the quarantine unless it is unparsable.
    pub status: Cow<'static, str>,
    /// The event that it became or repeats.
    pub event: Option<EventId>,
    /// The code of what is wrong with it now.
    pub code: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
}

/// What came of parsing several again.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReparsedPage {
    /// Each of them, the oldest first.
    pub results: Vec<Reparsed>,
    /// There are more: repeat the request with this.
    pub cursor: Option<QuarantineId>,
}

impl Reparsed {
    /// It was taken in.
    #[must_use]
    pub fn taken(id: QuarantineId, receipt: &Receipt) -> Self {
        Self {
            id,
            status: match receipt.status {
                Status::Accepted => "accepted".into(),
                Status::Duplicate => "duplicate".into(),
            },
            event: Some(receipt.id),
            code: None,
            detail: None,
        }
    }

    /// It cannot be parsed now either.
    #[must_use]
    pub fn unparsable(id: QuarantineId, error: &threescale::Error) -> Self {
        Self {
            id,
            status: "unparsable".into(),
            event: None,
            code: Some(error.code().to_owned()),
            detail: Some(error.to_string()),
        }
    }
}

/// Parses a body again, as it would be parsed if it came now; but its size was accepted once. `base` is this Worker's
/// origin.
///
/// # Errors
///
/// It is no notification.
pub fn parse(body: &QuarantinedDetails, base: String) -> Result<TakeReparsed, threescale::Error> {
    let QuarantinedDetails { summary, body } = body;
    let in_form = if summary.media_type == MediaType::Form.name() {
        Some(form::notification_xml(body)?)
    } else {
        None
    };
    let document = in_form.unwrap_or_else(|| body.0.clone());
    let limits = Limits {
        bytes: document.len(),
        ..Limits::default()
    };
    let notification = Notification::parse_with(&document, &limits)?;
    Ok(TakeReparsed {
        intake: Intake::of(&notification, &summary.source, base),
        document: Document(document),
        received_at: summary.received_at,
    })
}

/// The problem for a body that no inbox has.
#[must_use]
pub fn no_body() -> Problem {
    Problem::Unknown(
        "No inbox has a body with this id in its quarantine: it never had, or the body was parsed again, dropped, \
         or deleted after RETENTION_DAYS. GET /api/v1/quarantine lists those that there are."
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::tests::config, time::UnixMillis};

    fn body(ms: i64) -> QuarantinedBody {
        QuarantinedBody {
            id: QuarantineId::new(ms, &[0; 10]),
            source: "acme".parse().unwrap(),
            code: "malformed_xml".to_owned(),
            detail: String::new(),
            line: 1,
            column: 1,
            media_type: "application/xml".to_owned(),
            bytes: 7,
            times: 1,
            recovered: false,
            received_at: UnixMillis(ms),
            last_at: UnixMillis(ms),
        }
    }

    fn details(media_type: &str, text: &str) -> QuarantinedDetails {
        QuarantinedDetails {
            summary: QuarantinedBody {
                media_type: media_type.to_owned(),
                ..body(5)
            },
            body: Document(text.as_bytes().to_vec()),
        }
    }

    const XML: &str = "<event><type>user</type><action>deleted</action><object><user><id>7</id></user></object></event>";

    #[test]
    fn a_body_is_parsed_as_the_hook_would_parse_it() {
        let taken = parse(&details("application/xml", XML), String::new()).unwrap();
        assert_eq!(
            (taken.document.0.as_slice(), taken.received_at),
            (XML.as_bytes(), UnixMillis(5))
        );
        assert_eq!(taken.intake.object.as_deref(), Some("7"));
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("params[xml]", XML)
            .finish();
        let form = parse(
            &details("application/x-www-form-urlencoded", &form),
            String::new(),
        );
        assert_eq!(form.unwrap(), taken);
        let broken = parse(&details("application/xml", "<event>"), String::new()).unwrap_err();
        let told = Reparsed::unparsable(body(5).id, &broken);
        assert_eq!(
            (&*told.status, told.code.as_deref()),
            ("unparsable", Some(broken.code()))
        );
    }

    #[test]
    fn pages_of_several_sources_are_merged_in_either_direction() {
        let page = |newest_first, limit| {
            let list = ListQuarantine {
                code: None,
                after: None,
                newest_first,
                limit,
            };
            let mut inboxes = vec![vec![body(4), body(1)], vec![body(3), body(2)]];
            if !newest_first {
                for inbox in &mut inboxes {
                    inbox.reverse();
                }
            }
            let page = QuarantinePage::merge(inboxes, &list);
            let times: Vec<_> = page.bodies.iter().map(|body| body.received_at.0).collect();
            (times, page.cursor)
        };
        assert_eq!(page(true, 9), (vec![4, 3, 2, 1], None));
        assert_eq!(page(false, 9), (vec![1, 2, 3, 4], None));
        assert_eq!(page(true, 2), (vec![4, 3], Some(body(3).id)));
        assert_eq!(page(false, 3), (vec![1, 2, 3], Some(body(3).id)));
    }

    #[test]
    fn each_mistake_is_named() {
        let config = config();
        for (query, name) in [
            ("limit=0", "limit"),
            ("cursor=x", "cursor"),
            ("source=x", "source"),
        ] {
            let problem = read(query, &config).unwrap_err().to_string();
            assert!(problem.starts_with(&format!("`{name}` ")), "{problem}");
        }
        for (body, name) in [
            ("", "code"),
            (r#"{"code":""}"#, "code"),
            (r#"{"code":"x","all":true}"#, "all"),
        ] {
            let problem = read_reparse(body.as_bytes(), &config)
                .unwrap_err()
                .to_string();
            assert!(problem.starts_with(&format!("`{name}` ")), "{problem}");
        }
        let (source, list) = read_reparse(br#"{"code":"x","source":"acme"}"#, &config).unwrap();
        assert_eq!((source, list.newest_first), ("acme".parse().ok(), false));
    }
}
