use serde_json::value::RawValue;

use super::{
    document::Document,
    events::DeliveryDetails,
    intake::{Intake, Push, Unparsable},
    recovered::{Content, Entry},
    *,
};
use crate::{
    alert::Kind,
    filter::Filter,
    id::{Digest, EventId},
    state::DeliveryState,
};

fn intake() -> Intake {
    Intake {
        base: "https://edge.example.com".to_owned(),
        kind: "user".to_owned(),
        action: "created".to_owned(),
        object: Some("9".to_owned()),
        account: None,
        updated_at: Some(-5),
        digest: Some(Digest::from([7; 32])),
    }
}

fn unparsable() -> Unparsable {
    Unparsable {
        code: "malformed_xml".to_owned(),
        detail: "\"é\"\n".to_owned(),
        line: 2,
        column: 11,
        media_type: "application/xml".to_owned(),
        likeness: Digest::from([3; 32]),
    }
}

fn entry(content: Content, document: &[u8]) -> Entry {
    Entry {
        id: "f-1".to_owned(),
        given_up_at: 1_700_000_000_999,
        content,
        document: Document(document.to_vec()),
    }
}

/// Sends an operation, and returns it as it arrives.
fn sent<O: Operation<Request = InboxRequest>>(operation: O) -> InboxRequest {
    decode(&encode(&operation.into()).unwrap()).unwrap()
}

#[test]
fn each_request_arrives_as_it_was_sent() {
    let push = Push {
        intake: intake(),
        old_secret: true,
    };
    assert_eq!(decode::<Push>(&encode(&push).unwrap()).unwrap(), push);
    let batch = RecoveredBatch {
        judge_before: -1,
        entries: vec![
            entry(Content::Notification(intake()), b"o\nne"),
            entry(Content::Unparsable(unparsable()), b""),
        ],
    };
    assert!(matches!(sent(batch.clone()), InboxRequest::RecoveredBatch(same) if same == batch));
    let list = ListEvents {
        filter: Filter {
            destination: Some("crm".parse().unwrap()),
            state: Some(DeliveryState::Dead),
            ..Filter::default()
        },
        before: Some(EventId::new(5, &[1; 10])),
        limit: 50,
        thousands: None,
    };
    assert!(matches!(sent(list.clone()), InboxRequest::ListEvents(same) if same == list));
    let alert = RaiseAlert {
        kind: Kind::SourceSilent,
        detail: String::new(),
        pause_ms: 5,
    };
    assert!(matches!(sent(alert.clone()), InboxRequest::RaiseAlert(same) if same == alert));
    assert!(matches!(
        sent(ListReplays {}),
        InboxRequest::ListReplays(ListReplays {})
    ));
}

#[test]
fn a_reply_arrives_as_it_was_sent() {
    let details = EventDetails {
        event: RawValue::from_string(r#"{"id":  1}"#.to_owned()).unwrap(),
        source: "acme".parse().unwrap(),
        received_at: UnixMillis(5),
        repeats: 1,
        document: "<event/>".to_owned(),
        previous: None,
        next: Some(EventId::first_of(5)),
        deliveries: vec![DeliveryDetails {
            destination: "crm".parse().unwrap(),
            state: DeliveryState::Waiting,
            next_attempt_at: Some(UnixMillis(1_700_000_000_123)),
            attempts: Vec::new(),
        }],
    };
    let arrived: Option<EventDetails> = decode(&encode(&Some(details.clone())).unwrap()).unwrap();
    let arrived = arrived.unwrap();
    assert_eq!(arrived.deliveries, details.deliveries);
    assert_eq!(arrived.event.get(), r#"{"id":  1}"#, "as it was written");
}

#[test]
fn an_object_arrives_with_its_json_as_it_was_written() {
    let details = objects::ObjectDetails {
        summary: ObjectSummary {
            source: "acme".parse().unwrap(),
            r#type: "user".to_owned(),
            id: "9".to_owned(),
            account: None,
            deleted: false,
            event: EventId::first_of(5),
            action: "updated".to_owned(),
            time: "2026-11-22T10:00:00Z".to_owned(),
            received_at: UnixMillis(5),
        },
        object: RawValue::from_string(r#"{"id":  9}"#.to_owned()).unwrap(),
        history: Vec::new(),
        related: Vec::new(),
    };
    let arrived: Option<ObjectDetails> = decode(&encode(&Some(details.clone())).unwrap()).unwrap();
    let arrived = arrived.unwrap();
    assert_eq!(arrived.summary, details.summary);
    assert_eq!(arrived.object.get(), r#"{"id":  9}"#);
}

#[test]
fn unknown_fields_of_a_newer_versions_message_are_ignored() {
    #[derive(serde::Serialize)]
    struct NewerReceipt {
        taken_in: u32,
        surprise: &'static str,
        repeats: u32,
        known: u32,
        quarantined: u32,
        held: Vec<String>,
    }
    let newer = NewerReceipt {
        taken_in: 3,
        surprise: "!",
        repeats: 0,
        known: 0,
        quarantined: 0,
        held: Vec::new(),
    };
    let read: BatchReceipt = decode(&encode(&newer).unwrap()).unwrap();
    assert_eq!(read.taken_in, 3);
    assert!(decode::<InboxRequest>(&encode(&"Unknown").unwrap()).is_err());
    assert!(decode::<InboxRequest>(b"").is_err());
}
