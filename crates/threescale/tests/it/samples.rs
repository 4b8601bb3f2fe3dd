//! Real notifications, and their exact JSON.

use threescale::{Notification, Redact};

use super::model::objects::ACTIONS;
use super::{bodies, code, event, folder, sample};

/// `UPDATE_EXPECTED=1 cargo test -p threescale` rewrites the expected files: read the diff.
#[test]
fn each_sample_becomes_exactly_its_json() {
    for (name, body) in bodies() {
        let mut json = Vec::new();
        Notification::parse(&body)
            .unwrap()
            .write_data(&mut json, &Redact::none());
        let path = folder().join(name.replace(".xml", ".json"));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, [&json, &b"\n"[..]].concat()).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            expected.trim_end(),
            "{name}"
        );
    }
}

#[test]
fn all_sixteen_kinds_are_read() {
    let count: usize = ACTIONS.iter().map(|(_, actions)| actions.len()).sum();
    assert_eq!(count, 16);
    for (kind, actions) in ACTIONS {
        for action in actions {
            let body = event(kind, action, &format!("<{kind}><id>7</id></{kind}>"));
            let notification = Notification::parse(body.as_bytes()).unwrap();
            assert_eq!(
                (notification.type_name(), notification.action()),
                (kind, *action)
            );
            assert!(notification.object_id().is_some_and(|id| id == 7));
        }
    }
}

#[test]
fn a_sample_cut_anywhere_is_malformed() {
    for (name, body) in bodies() {
        for end in 0..body.len() {
            let code = code(&body[..end]);
            let is_inside_a_character = std::str::from_utf8(&body[..end]).is_err();
            let expected = if is_inside_a_character {
                "invalid_encoding"
            } else {
                "malformed_xml"
            };
            assert_eq!(code, expected, "{name} cut at {end}");
        }
    }
}

#[test]
fn an_answer_of_the_admin_api_is_not_a_notification() {
    for name in [
        "error_access_denied_403.xml",
        "error_invalid_time_400.xml",
        "failures_empty.xml",
        "failures_two.xml",
    ] {
        assert_eq!(code(sample(name)), "not_a_notification", "{name}");
    }
}
