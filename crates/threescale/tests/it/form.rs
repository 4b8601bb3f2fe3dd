//! The legacy form body.

use threescale::{ErrorCode, Notification, form};

use super::sample;

/// The body of a recorded request.
fn body(name: &str) -> Vec<u8> {
    let request = sample(name);
    let at = request
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    request[at + 4..].to_vec()
}

#[test]
fn both_bodies_that_3scale_sends_carry_the_same_event() {
    let xml = body("http_request_1_application_xml.http");
    let from_form = form::notification_xml(&body("http_request_2_form_legacy.http")).unwrap();
    assert_eq!(from_form, xml);
    Notification::parse(&from_form).unwrap();
}

#[test]
fn the_field_is_found_under_each_of_its_names() {
    for body in [
        "params[xml]=%3Ca/%3E",
        "params%5Bxml%5D=%3Ca/%3E",
        "params%5bxml%5d=%3ca%2f%3e",
        "xml=<a/>",
        "other=1&params[xml]=<a/>&xml=<b/>",
        "xml=<b/>&params[xml]=<a/>",
        "params[xml]=&params[xml]=<a/>",
        "%zz=1&xml=<a/>",
    ] {
        assert_eq!(
            form::notification_xml(body.as_bytes()).unwrap(),
            b"<a/>",
            "{body}"
        );
    }
    assert_eq!(
        form::notification_xml(b"xml=a+b%2Bc=d%26").unwrap(),
        b"a b+c=d&"
    );
    assert_eq!(form::notification_xml(b"xml=%00%FF").unwrap(), [0, 0xFF]);
}

#[test]
fn a_form_without_the_field_or_with_broken_encoding_is_refused() {
    for body in [
        "",
        "&&",
        "a=b",
        "params[xml]",
        "params[xml]=",
        "XML=<a/>",
        "params[xml][]=<a/>",
    ] {
        let error = form::notification_xml(body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorCode::FormFieldMissing, "{body}");
    }
    for (body, offset) in [
        ("xml=%", 4),
        ("a=b&xml=ab%4", 10),
        ("xml=%zz", 4),
        ("params[xml]=%3Ca%3", 16),
        ("xml=%+1", 4),
    ] {
        let error = form::notification_xml(body.as_bytes()).unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorCode::FormEncodingInvalid, offset),
            "{body}"
        );
    }
}
