//! Markup and script in every field that 3scale, an origin or an address can carry: it shows as text, and the tags of a
//! page are those that it has without it.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed: clippy knows that of its functions, not of their helpers"
)]

use std::collections::BTreeMap;

use askama::Template;
use console::{
    frame::{Frame, Layout, Tab},
    link::Query,
    markup::Markup,
    pages::{
        event::EventPage as OneEventPage,
        events::{EventList, EventsPage, FilterForm, Strip},
        problem::ProblemPage,
    },
    text::credentials::Credentials,
};
use edge_core::{
    api::stats::Stats,
    config::Config,
    id::EventId,
    messages::{
        events::{AttemptDetails, DeliveryDetails, EventDetails, EventPage, EventSummary},
        metrics::InboxMetrics,
        statistics::CountHours,
    },
    problem::Problem,
    state::DeliveryState,
    time::UnixMillis,
};
use proptest::prelude::*;
use serde_json::json;

const NOW: i64 = 1_700_000_000_000;

fn frame(word: &str) -> Frame {
    Frame {
        title: word.to_owned(),
        tab: Tab::Events,
        operator: Some(word.to_owned()),
        may_write: true,
        form_token: word.to_owned(),
        theme: "",
        version: "1",
        done: "",
        now_ms: NOW,
    }
}

fn whole(frame: &Frame, page: &impl Template) -> String {
    let content = Markup::rendered(page).unwrap();
    Layout { frame, content }.render().unwrap()
}

fn events(word: &str) -> String {
    let frame = frame(word);
    let query = Query::default()
        .with("q", word)
        .with("account", word)
        .with("action", word)
        .with("type", word)
        .with("until", word);
    let event = EventSummary {
        id: EventId::new(NOW, &[1; 10]),
        source: "acme".parse().unwrap(),
        r#type: format!("net.3scale.{word}.{word}"),
        action: word.to_owned(),
        object: Some(word.to_owned()),
        account: Some(word.to_owned()),
        time: word.to_owned(),
        received_at: UnixMillis(NOW),
        sequence: word.to_owned(),
        repeats: 2,
        deliveries: BTreeMap::from([("crm".parse().unwrap(), DeliveryState::Dead)]),
    };
    let config = Config::default();
    let page = EventPage {
        cursor: Some(event.id),
        events: vec![event],
    };
    let hours = CountHours {
        since_ms: NOW,
        hours: 2,
    };
    let stats = Stats::of(&hours, Vec::new());
    let page = EventsPage {
        strip: Strip::of(&InboxMetrics::default(), &stats, NOW),
        list: EventList::of(&page, &query, &frame, &config),
        filter: FilterForm::of(&query, &config),
        frame: frame.clone(),
    };
    whole(&frame, &page)
}

fn event(word: &str, credentials: Credentials) -> String {
    let object = |state: &str| {
        json!({
            "id": word, "type": format!("net.3scale.account.{word}"), "subject": format!("account/{word}"),
            "sequence": word, "time": "2026-11-20T09:00:00Z",
            "data": { "type": "account", "action": word, "object": {
                "state": state, "account_id": word, "extra_fields": { "x": word }, "keys": [word],
            } },
        })
        .to_string()
    };
    let escaped = word.replace('&', "&amp;").replace('<', "&lt;");
    let details = |state: &str| EventDetails {
        event: serde_json::from_str(&object(state)).unwrap(),
        source: "acme".parse().unwrap(),
        received_at: UnixMillis(NOW),
        repeats: 1,
        document: format!(
            "<event a=\"1\"><state>{escaped}</state><keys><key>{escaped}</key></keys></event>"
        ),
        previous: Some(EventId::new(NOW, &[2; 10])),
        next: None,
        deliveries: vec![DeliveryDetails {
            destination: "crm".parse().unwrap(),
            state: DeliveryState::Waiting,
            next_attempt_at: Some(UnixMillis(NOW)),
            attempts: vec![AttemptDetails {
                at: UnixMillis(NOW),
                ms: 5,
                outcome: word.to_owned(),
                status: None,
                detail: Some(word.to_owned()),
                answer: Some(word.to_owned()),
            }],
        }],
    };
    let frame = frame(word);
    let (new, old) = (details(word), details("before"));
    let page = OneEventPage::of(frame.clone(), &new, Some(&old), credentials);
    whole(&frame, &page)
}

fn problem(word: &str) -> String {
    let frame = frame(word);
    let page = ProblemPage::of(&Problem::Unknown(word.to_owned()), frame.clone());
    whole(&frame, &page)
}

/// The tags of a page, without their attributes' values.
fn tags(html: &str) -> Vec<String> {
    let mut tags = vec![];
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (mut quoted, mut tag) = (false, String::new());
        let mut end = rest.len();
        for (index, character) in rest.char_indices().skip_while(|(index, _)| *index < at) {
            match character {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = index;
                    break;
                }
                other if !quoted => tag.push(other),
                _ => {}
            }
        }
        tags.push(tag);
        rest = rest.get(end..).unwrap_or_default();
    }
    tags
}

fn is_as_with_a_plain_word(word: &str) {
    let pages: [fn(&str) -> String; 4] = [
        events,
        |word| event(word, Credentials::Masked),
        |word| event(word, Credentials::Shown),
        problem,
    ];
    for page in pages {
        assert_eq!(tags(&page(word)), tags(&page("plainword")), "{word}");
    }
}

#[test]
fn markup_and_script_in_every_field_show_as_text() {
    for word in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</textarea></title></script><svg onload=alert(1)>",
        "{{ 7 * 7 }}<!-- --><![CDATA[x]]>",
        "javascript:alert(1)//&lt;&#x3c;&amp;",
    ] {
        is_as_with_a_plain_word(word);
    }
}

#[test]
fn no_template_lets_anything_through_and_none_has_a_style_or_a_script_in_it() {
    let templates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
    let mut folders = vec![templates];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for forbidden in [
                "|safe",
                "| safe",
                "escape \"none\"",
                " style=",
                "<style",
                " onclick",
                " hx-on",
                "javascript:",
            ] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
            }
            let scripts = text.matches("<script").count();
            assert_eq!(
                scripts,
                text.matches("<script src=\"/static/").count(),
                "{}",
                path.display()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_becomes_markup(word in "[a-z<>\"'&=/ ]{6,40}") {
        // Not trimmed: what is shorter than six characters is masked as a whole.
        let word = format!("x{word}x");
        is_as_with_a_plain_word(&word);
    }
}
