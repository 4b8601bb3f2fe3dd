//! The list of failures, and the traps of deleting from it.

use chrono::{DateTime, TimeZone, Utc};
use uuid::Uuid;

use crate::sample;
use stand_in::failures::{Failure, Failures};
use stand_in::ruby_time;

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn failure(time: &str) -> Failure {
    Failure::new(
        Uuid::new_v4(),
        at(time),
        "https://hooks.example".into(),
        "<event/>".into(),
    )
}

fn list(times: &[&str]) -> Failures {
    let mut failures = Failures::default();
    for time in times {
        failures.push(failure(time));
    }
    failures
}

#[test]
fn the_list_is_3scales_byte_for_byte() {
    let mut failures = Failures::default();
    let url = "https://hooks.example/3scale?token=a&b=c";
    for (id, time, xml) in [
        (
            "2f1ad0a4-7b0d-4b63-9b8a-1c8f2f6f7d11",
            "2026-08-21T10:53:29.9Z",
            "application_key_created_v2.xml",
        ),
        (
            "b2c8e0b2-0000-4000-8000-000000000003",
            "2026-08-21T11:00:00Z",
            "user_deleted.xml",
        ),
    ] {
        failures.push(Failure::new(
            id.parse().unwrap(),
            at(time),
            url.into(),
            sample(xml),
        ));
    }
    assert_eq!(failures.xml(), sample("failures_two.xml"));
    // The JSON list carries the document as it was pushed.
    let json = failures.json();
    let first = &json["webhooks-failures"][0]["webhooks-failure"];
    assert_eq!(first["event"], sample("application_key_created_v2.xml"));
    assert_eq!(first["time"], "2026-08-21T10:53:29Z");
}

#[test]
fn an_empty_list_is_3scales_byte_for_byte() {
    assert_eq!(Failures::default().xml(), sample("failures_empty.xml"));
}

#[test]
fn text_with_entities_and_lines_survives_the_second_printing() {
    let mut failures = Failures::default();
    let xml = sample("account_updated_full.xml");
    failures.push(Failure::new(
        Uuid::nil(),
        at("2026-08-21T11:00:00Z"),
        "u".into(),
        xml,
    ));
    let printed = failures.xml();
    assert!(printed.contains("<org_name>Acme &amp; Sons &lt;Ltd&gt; \"x\" ✓</org_name>\n"));
    assert!(printed.contains("<note>multi\nline\ttab</note>\n"));
    assert!(printed.contains("        <zip>H2X 1Y4</zip>\n      </billing_address>\n"));
}

#[test]
fn deleting_up_to_a_time_includes_that_second() {
    let mut failures = list(&[
        "2026-01-01T00:00:01Z",
        "2026-01-01T00:00:02.7Z",
        "2026-01-01T00:00:03Z",
    ]);
    failures.delete_until(at("2026-01-01T00:00:02Z"));
    assert_eq!(failures.len(), 1);
}

#[test]
fn deleting_stops_at_the_first_later_failure() {
    let mut failures = list(&["2026-01-01T00:00:09Z", "2026-01-01T00:00:01Z"]);
    failures.delete_until(at("2026-01-01T00:00:02Z"));
    assert_eq!(failures.len(), 2);
}

#[test]
fn times_are_read_as_ruby_reads_them() {
    let now = Utc.with_ymd_and_hms(2026, 11, 21, 20, 0, 0).unwrap();
    for (text, instant) in [
        ("2026-08-21T10:53:29Z", Some("2026-08-21T10:53:29Z")),
        ("2026-08-21T10:53:29+02:00", Some("2026-08-21T08:53:29Z")),
        ("2026-08-21 10:53:29 UTC", Some("2026-08-21T10:53:29Z")),
        ("2026-08-21T10:53:29", Some("2026-08-21T10:53:29Z")),
        // A `+` that the query decoded: the offset is dropped silently.
        ("2026-08-21T10:53:29 02:00", Some("2026-08-21T10:53:29Z")),
        ("2026-08-21", Some("2026-08-21T00:00:00Z")),
        ("12", Some("2026-11-12T00:00:00Z")),
        ("", None),
        ("now", None),
        ("1787309609", None),
    ] {
        assert_eq!(ruby_time::parse(text, now), instant.map(at), "{text:?}");
    }
}
