//! An authenticated body that is no notification: 422 with a stable code, and the position of the error.

use crate::shared::shared;
use harness::fixtures::notification;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

#[tokio::test]
async fn each_kind_of_unparsable_body_has_its_code_and_position() {
    let worker = &shared().await.worker;
    let deep = format!("{HEAD}{}{}", "<a>".repeat(2000), "</a>".repeat(2000));
    for (body, code) in [
        (
            format!("{HEAD}\n<event><action>created</action"),
            "malformed_xml",
        ),
        (
            format!("{HEAD}\n<event><action>created</type></event>"),
            "malformed_xml",
        ),
        (format!("{HEAD}\n<event/><event/>"), "malformed_xml"),
        (
            format!("{HEAD}\n<!DOCTYPE event [<!ENTITY x \"y\">]><event>&x;</event>"),
            "doctype_forbidden",
        ),
        (
            format!("{HEAD}\n<html><body>Sign in</body></html>"),
            "not_a_notification",
        ),
        (deep, "limit_exceeded"),
    ] {
        let answer = worker
            .request(
                "POST",
                &worker.hook("acme"),
                "application/xml",
                body.clone(),
            )
            .await;
        let problem = answer.problem(422, code);
        for member in ["line", "column"] {
            assert!(
                problem[member].as_u64().is_some_and(|number| number >= 1),
                "{member} of {code}: {problem}"
            );
        }
    }
}

#[tokio::test]
async fn the_position_of_an_error_is_the_line_and_column_that_an_editor_shows() {
    let worker = &shared().await.worker;
    let body = "<event>\n  <action>created</action>\n  <type>user</typo>\n</event>";
    let answer = worker
        .request("POST", &worker.hook("acme"), "application/xml", body)
        .await;
    let problem = answer.problem(422, "malformed_xml");
    assert_eq!(problem["line"], 3, "{problem}");
}

#[tokio::test]
async fn a_form_without_the_document_is_no_notification() {
    let worker = &shared().await.worker;
    let answer = worker
        .request(
            "POST",
            &worker.hook("acme"),
            "application/x-www-form-urlencoded",
            "a=b",
        )
        .await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(
        answer.json()["code"]
            .as_str()
            .is_some_and(|code| !code.is_empty())
    );
}

#[tokio::test]
async fn the_explanation_of_an_error_does_not_repeat_the_body() {
    let worker = &shared().await.worker;
    let xml = notification("application.key_created")
        .keys(["k3y-material-in-a-broken-body"])
        .xml();
    let broken = xml.replace("</key>", "</kex>");
    let answer = worker
        .request("POST", &worker.hook("acme"), "application/xml", broken)
        .await;
    answer.problem(422, "malformed_xml");
    assert!(!answer.text.contains("k3y-material"), "{}", answer.text);
}

/// Until there is an API for it, the quarantine is read from its storage.
#[tokio::test]
async fn an_unparsable_body_is_in_the_quarantine_before_the_response() {
    let worker = &shared().await.worker;
    for (marker, media_type) in [
        ("broken-as-it-came-in-xml", "application/xml"),
        (
            "broken-as-it-came-in-a-form",
            "application/x-www-form-urlencoded",
        ),
    ] {
        let body = format!("params[xml]=<event><{marker}");
        worker
            .request("POST", &worker.hook("acme"), media_type, body.clone())
            .await;
        assert!(worker.stored_in(body.as_bytes()).is_some(), "{body}");
    }
    // A sender without the secret cannot fill it.
    let body = "<event><from-a-stranger";
    worker
        .request("POST", "/hooks/acme?token=wrong", "application/xml", body)
        .await
        .problem(401, "unauthorized");
    assert_eq!(worker.stored_in(body.as_bytes()), None);
}

#[tokio::test]
async fn an_unknown_type_and_action_are_accepted() {
    let shared = shared().await;
    let id = harness::fixtures::fresh_id();
    let xml = format!(
        "{HEAD}<event><action>paid</action><type>invoice</type><object><invoice><id>{id}</id><amount>2.50</amount></invoice></object></event>"
    );
    let receipt = shared
        .worker
        .push("acme", &xml, stand_in::wire::BodyFormat::Xml)
        .await;
    let event = shared
        .origin
        .delivery("/structured", &receipt.id)
        .await
        .json();
    assert_eq!(event["type"], "net.3scale.invoice.paid");
    // The types of an unknown type's values are unknown: they stay text.
    assert_eq!(event["data"]["object"]["amount"], "2.50");
}
