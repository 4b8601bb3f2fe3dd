//! `data`, written out by hand from the contract for the samples: an origin can rely on it.

use serde_json::{Value, json};

use crate::shared::shared;
use stand_in::wire::BodyFormat;

/// The sample as it was sent, with an id of our own in place of the object's, so that it is new.
async fn data_of_sample(name: &str, object: &str) -> Value {
    let shared = shared().await;
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/crates/threescale/tests/samples"
    );
    let xml = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let root = object.split_once('>').unwrap().0;
    let fresh = format!("{root}><id>{}</id>", harness::fixtures::fresh_id());
    let (before, after) = xml.split_once(object).unwrap();
    let receipt = shared
        .worker
        .push("acme", &format!("{before}{fresh}{after}"), BodyFormat::Xml)
        .await;
    let mut data = shared
        .origin
        .delivery("/structured", &receipt.id)
        .await
        .json()["data"]
        .take();
    data["object"]["id"] = Value::Null;
    data
}

/// Compares numbers by value, as JSON does: 0.0 is 0.
fn assert_same(data: &Value, expected: &Value) {
    fn plain(value: &Value) -> Value {
        match value {
            Value::Number(number) => json!(number.as_f64()),
            Value::Array(items) => items.iter().map(plain).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
            other => other.clone(),
        }
    }
    let (data, expected) = (plain(data), plain(expected));
    assert_eq!(data, expected, "\n{data:#}\n is not \n{expected:#}");
}

fn plan(id: u64, name: &str, kind: &str, service_id: Option<u64>) -> Value {
    let mut plan = json!({
        "id": id, "name": name, "type": kind, "state": "published", "approval_required": false,
        "setup_fee": 0.0, "cost_per_month": 0.0, "trial_period_days": null, "cancellation_period": 0,
    });
    if let Some(service_id) = service_id {
        plan["service_id"] = service_id.into();
    }
    plan
}

fn with(mut object: Value, members: &Value) -> Value {
    object
        .as_object_mut()
        .unwrap()
        .extend(members.as_object().unwrap().clone());
    object
}

#[tokio::test]
async fn a_deleted_user_has_its_few_fields() {
    let data = data_of_sample("user_deleted.xml", "<user><id>9</id>").await;
    assert_same(
        &data,
        &json!({
            "type": "user", "action": "deleted",
            "object": {
                "id": null, "created_at": "2021-05-14T20:22:53Z", "updated_at": "2021-05-14T20:22:53Z",
                "account_id": 6, "state": "pending", "role": "admin",
            },
        }),
    );
}

#[tokio::test]
async fn an_application_has_its_keys_as_text_and_its_plan_typed() {
    let data = data_of_sample("application_key_created_v2.xml", "<application><id>11</id>").await;
    let plan = with(
        plan(8, "Unlimited", "application_plan", Some(34)),
        &json!({ "custom": false, "default": true }),
    );
    assert_same(
        &data,
        &json!({
            "type": "application", "action": "key_created",
            "object": {
                "id": null, "created_at": "2021-05-14T21:08:26Z", "updated_at": "2021-05-15T01:37:53Z",
                "state": "live", "user_account_id": 7, "first_traffic_at": null, "first_daily_traffic_at": null,
                "service_id": 40, "application_id": "8d754b83",
                "keys": ["f8e34f35fbd7763117f4e07e7a87c3c5", "a<b&c>\"d'"],
                "plan": plan,
                "name": "TestAccount's App", "description": "App to the Echo API", "extra_fields": {},
            },
        }),
    );
}

#[tokio::test]
async fn times_with_the_tenants_offset_become_utc() {
    let data = data_of_sample(
        "application_updated_tenant_timezone_offset.xml",
        "<application><id>11</id>",
    )
    .await;
    assert_eq!(data["object"]["created_at"], "2023-06-14T13:37:32Z");
    assert_eq!(data["object"]["updated_at"], "2023-01-14T14:37:32Z");
}

#[tokio::test]
async fn a_full_account_keeps_every_field_typed_by_its_name() {
    let data = data_of_sample("account_updated_full.xml", "<account><id>6</id>").await;
    let object = &data["object"];
    assert_eq!(object["org_name"], "Acme & Sons <Ltd> \"x\" ✓");
    assert_same(&object["vat_rate"], &json!(21.0));
    assert_eq!(object["annotations"], json!({ "managed_by": "operator" }));
    assert_eq!(
        object["billing_address"],
        json!({
            "company": "Acme & Sons", "address": "1 Rue de l’Église\nBât. <B>", "address1": "1 Rue de l’Église",
            "address2": "Bât. <B>", "phone_number": null, "city": "Montréal", "country": "CA", "state": "QC",
            "zip": "H2X 1Y4",
        })
    );
    assert_eq!(
        object["extra_fields"],
        json!({
            "webhook-url": "https://hook.example/?a=1&b=2", "note": "multi\nline\ttab", "choices": ["one", "two"],
        })
    );
    assert_eq!(object["credit_card_stored"], true);
    assert_eq!(object["credit_card_partial_number"], "4242");
    assert_eq!(object["credit_card_expires_on"], "2027-01-31");
    assert_same(
        &object["plans"],
        &json!([
            with(
                plan(6, "Default", "account_plan", None),
                &json!({ "default": true, "state": "hidden" })
            ),
            with(
                plan(105, "Default", "service_plan", Some(34)),
                &json!({ "default": true })
            ),
            plan(122, "Gold", "service_plan", Some(40)),
            with(
                plan(8, "Unlimited", "application_plan", Some(34)),
                &json!({ "custom": false, "default": true })
            ),
            with(
                plan(91, "Unlimited (custom)", "application_plan", Some(34)),
                &json!({
                    "custom": true, "default": false, "approval_required": true, "setup_fee": 5.0,
                    "cost_per_month": 2.99, "trial_period_days": 30, "cancellation_period": 7,
                })
            ),
        ]),
    );
    assert_eq!(object["users"][1]["username"], "zoë");
    assert_eq!(
        object["users"][1]["extra_fields"],
        json!({ "department": "R&D \"core\"", "tags": ["a", "b"] })
    );
}

#[tokio::test]
async fn lists_are_arrays_and_extra_fields_an_object_even_when_empty() {
    let shared = shared().await;
    let empty = harness::fixtures::notification("application.key_deleted").keys([]);
    let id = shared.worker.accept("acme", &empty).await;
    let object = shared.origin.delivery("/structured", &id).await.json()["data"]["object"].take();
    assert_eq!(
        (&object["keys"], &object["extra_fields"]),
        (&json!([]), &json!({}))
    );
    let bare = harness::fixtures::notification("account.updated").account(|account| {
        account.plans.clear();
        account.users.clear();
    });
    let id = shared.worker.accept("acme", &bare).await;
    let object = shared.origin.delivery("/structured", &id).await.json()["data"]["object"].take();
    assert_eq!(
        (&object["plans"], &object["users"], &object["annotations"]),
        (&json!([]), &json!([]), &json!({}))
    );
}
