use threescale::Notification;

use super::*;
use crate::{event::Content, location::parse_url, secret::Secret};

const ID: &str = "0192f3c4-0000-7000-8000-000000000000";
const XML: &[u8] =
    "<event><action>updated</action><type>x</type><object><x><id>1</id></x></object></event>"
        .as_bytes();

fn options(format: Format, signing: &str) -> HttpOptions {
    HttpOptions {
        format,
        timeout_ms: 1000,
        headers: vec![("x-team".into(), "billing".into())],
        secrets: DestinationSecrets {
            signing: Secrets::from_text(signing),
            authorization: Secret::whole("Bearer x"),
            url: None,
        },
    }
}

fn message(format: Format, signing: &str) -> Message {
    new_message(XML, &options(format, signing)).unwrap()
}

fn new_message(xml: &[u8], options: &HttpOptions) -> Result<Message, Failure> {
    with_event(xml, |event| {
        Message::new(event, options, &Redact::none(), 3, 1_700_000_000_500)
    })
}

fn with_event<T>(xml: &[u8], use_event: impl FnOnce(&Event<'_>) -> T) -> T {
    let source = "acme".parse().unwrap();
    use_event(&Event {
        id: ID.parse().unwrap(),
        source: &source,
        source_uri: "/sources/acme",
        sequence: 1,
        received_ms: 0,
        given_up_ms: None,
        base: "https://edge.example.com",
        content: Content::Notification(Notification::parse(xml).unwrap()),
        document: xml,
    })
}

fn header<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    message
        .headers
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.as_str())
}

#[test]
fn a_message_has_the_headers_of_standard_webhooks() {
    let message = message(Format::CloudEvents, "whsec_c2VjcmV0");
    assert_eq!(header(&message, "webhook-id"), Some(ID));
    assert_eq!(header(&message, "webhook-timestamp"), Some("1700000000"));
    assert_eq!(header(&message, "webhook-attempt"), Some("3"));
    assert_eq!(header(&message, "authorization"), Some("Bearer x"));
    assert_eq!(header(&message, "x-team"), Some("billing"));
    assert!(
        header(&message, "user-agent")
            .unwrap()
            .starts_with("threescale-edge/")
    );
}

#[test]
fn a_batch_has_one_signature_over_all_of_it() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let mut batch = Batch::default();
    with_event(XML, |event| {
        assert!(batch.push(event, &Redact::none()) && batch.push(event, &Redact::none()));
    });
    let id = batch.id();
    let options = options(Format::CloudEvents, secret);
    let message = Message::of_batch(batch, &options, 2, 1_700_000_000_500).unwrap();
    assert_eq!(header(&message, "content-type"), Some(BATCH_CONTENT_TYPE));
    assert_eq!(header(&message, "webhook-id"), Some(id.as_str()));
    assert_eq!(header(&message, "webhook-attempt"), Some("2"));
    let signature = Webhook::new(secret).unwrap();
    let signature = signature.sign(&id, 1_700_000_000, &message.body).unwrap();
    assert_eq!(
        header(&message, "webhook-signature"),
        Some(signature.as_str())
    );
}

#[test]
fn a_target_is_checked_before_each_attempt() {
    let to = |url: &str, allow_local| {
        let url = url.to_owned();
        check_route(
            parse_url,
            &Route::Url {
                url,
                allow_local,
                vpc: None,
            },
        )
    };
    assert_eq!(to("https://crm.example.com/", false), Ok(()));
    assert_eq!(to("http://10.0.0.1/", true), Ok(()));
    for url in [
        "http://crm.example.com/",
        "https://10.0.0.1/",
        "https://db.internal/",
    ] {
        let outcome = Outcome::failed(to(url, false).unwrap_err());
        assert_eq!(
            (outcome.code(), outcome.status()),
            ("refused", None),
            "{url}"
        );
        assert!(
            outcome
                .detail()
                .unwrap()
                .starts_with("not sent: the target must")
        );
    }
}

#[test]
fn a_response_of_cloudflares_own_is_not_the_origins() {
    let edge = outcome(530, Some(5000), None, "error code: 1016");
    assert_eq!((edge.code(), edge.status()), ("dns", Some(530)));
    assert!(matches!(
        edge,
        Outcome::Failed {
            retry_after_ms: Some(5000),
            ..
        }
    ));
    assert_eq!(outcome(410, None, None, "error code: 1016"), Outcome::Gone);
    assert_eq!(
        outcome(200, None, None, "error code: 1016").code(),
        "delivered"
    );
    assert_eq!(outcome(500, None, None, "").code(), "status");
}

/// The `CloudEvents` SDK for JavaScript compares the exact value.
#[test]
fn the_content_type_of_a_cloud_event_is_spelt_as_sdks_compare_it() {
    let message = message(Format::CloudEvents, "");
    assert_eq!(
        header(&message, "content-type"),
        Some("application/cloudevents+json; charset=utf-8")
    );
}

#[test]
fn third_party_text_cannot_be_slack_markup() {
    let xml = "<event><action>updated</action><type>x</type><object><x>\
        <id>&lt;!channel> &amp; &lt;https://evil.example|1></id></x></object></event>";
    let body = new_message(xml.as_bytes(), &options(Format::Slack, ""))
        .unwrap()
        .body;
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let text = body["text"].as_str().unwrap();
    assert!(
        text.ends_with("x/&lt;!channel&gt; &amp; &lt;https://evil.example|1&gt;"),
        "{text}"
    );
}

#[test]
fn an_invalid_header_is_unsendable_and_not_a_network_failure() {
    for (name, value) in [
        ("x team", "a"),
        ("", "a"),
        ("x-team", "\u{20ac}"),
        ("x-team", "a\nb"),
    ] {
        let mut options = options(Format::CloudEvents, "");
        options.headers = vec![(name.to_owned(), value.to_owned())];
        let failure = new_message(XML, &options).unwrap_err();
        assert_eq!(
            Outcome::failed(failure).code(),
            "unsendable",
            "{name}: {value}"
        );
    }
    let mut authorization = options(Format::CloudEvents, "");
    authorization.secrets.authorization = Secret::whole("Bearer sch\u{f6}n");
    let failure = new_message(XML, &authorization).unwrap_err();
    assert_eq!(Outcome::failed(failure).code(), "unsendable");
}

#[test]
fn of_a_long_id_a_header_has_the_beginning_and_the_body_all() {
    for id in ["9".repeat(200_000), "\u{1F600}".repeat(50_000)] {
        let xml = format!(
            "<event><action>a</action><type>x</type><object><x><id>{id}</id></x></object></event>"
        );
        let sent = |format| new_message(xml.as_bytes(), &options(format, "")).unwrap();
        let has_all = |message: &Message| {
            let body = String::from_utf8(message.body.clone()).unwrap();
            body.contains(&id)
        };
        let binary = sent(Format::CloudEventsBinary);
        let subject = header(&binary, "ce-subject").unwrap();
        let kept: String = id.chars().take(200).collect();
        assert!(subject.starts_with(&percent_encoded(&format!("x/{kept}"))));
        assert!(subject.ends_with("%E2%80%A6") && subject.len() <= LONGEST_HEADER);
        assert!(has_all(&binary) && has_all(&sent(Format::CloudEvents)));
        let lengths = binary.headers.iter().map(|(_, value)| value.len());
        assert!(lengths.sum::<usize>() < LONGEST_HEADER);
        assert!(sent(Format::Slack).body.len() < 400);
    }
}

#[test]
fn a_configured_header_that_is_too_long_is_unsendable() {
    let mut options = options(Format::CloudEvents, "");
    options.headers = vec![("x-team".to_owned(), "b".repeat(LONGEST_HEADER + 1))];
    let failure = new_message(XML, &options).unwrap_err();
    assert_eq!(Outcome::failed(failure).code(), "unsendable");
}

/// The specification's own example.
#[test]
fn the_signature_is_that_of_the_specification() {
    let keys = Secrets::from_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert_eq!(
        sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
            &keys
        )
        .unwrap(),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
}

#[test]
fn every_key_signs() {
    let signature = header(
        &message(Format::Xml, "whsec_bmV3 whsec_b2xk"),
        "webhook-signature",
    )
    .unwrap()
    .to_owned();
    assert_eq!(
        signature
            .split(' ')
            .filter(|one| one.starts_with("v1,"))
            .count(),
        2
    );
    assert_eq!(header(&message(Format::Xml, ""), "webhook-signature"), None);
}

#[test]
fn binary_mode_has_the_attributes_as_headers() {
    let message = message(Format::CloudEventsBinary, "");
    assert_eq!(header(&message, "ce-type"), Some("net.3scale.x.updated"));
    assert_eq!(header(&message, "ce-subject"), Some("x/1"));
    assert_eq!(header(&message, "content-type"), Some("application/json"));
    assert!(message.body.starts_with(b"{\"type\":\"x\""));
}
