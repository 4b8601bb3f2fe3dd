//! The documents of test events: one of each of the 16 kinds, as 3scale writes them, about an object that no tenant has.

use threescale::{KINDS, Timestamp};

use crate::time::rfc3339;

/// The document of a test event; `None` if it is not one of the 16 kinds. `application.created` is a kind.
///
/// The object's id is the time in milliseconds: 3scale counts from 1, so it will not get there.
#[must_use]
pub fn document(kind: &str, now_ms: i64) -> Option<String> {
    let (object, action) = KINDS.into_iter().find(|(object, action)| {
        kind.strip_prefix(object)
            .and_then(|rest| rest.strip_prefix('.'))
            == Some(action)
    })?;
    let time = Timestamp::from_unix_millis(now_ms.div_euclid(1000).saturating_mul(1000));
    let time = time.map_or_else(|| rfc3339(now_ms), Timestamp::to_rfc3339);
    let sample = Sample {
        action,
        id: now_ms,
        time,
    };
    let content = match object {
        "account" => sample.account(),
        "user" => sample.user(
            sample.id,
            if action == "deleted" { "" } else { USER_FIELDS },
        ),
        _ => sample.application(),
    };
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><event><action>{action}</action><type>{object}</type>\
         <object>{content}</object></event>"
    ))
}

/// The 16 kinds, for messages.
#[must_use]
pub fn kinds() -> Vec<String> {
    let all = KINDS.into_iter();
    all.map(|(object, action)| format!("{object}.{action}"))
        .collect()
}

struct Sample {
    action: &'static str,
    id: i64,
    time: String,
}

const USER_FIELDS: &str =
    "<username>admin</username><email>admin@acme.org</email><extra_fields></extra_fields>";

impl Sample {
    fn account(&self) -> String {
        let Self { action, id, .. } = self;
        let state = if *action == "created" {
            "created"
        } else {
            "approved"
        };
        let rest = if *action == "deleted" {
            String::new()
        } else {
            let plan = if *action == "plan_changed" {
                plan("", "account_plan", "44", "Premium", "published", "", FREE)
            } else {
                plan(
                    " default=\"true\"",
                    "account_plan",
                    "6",
                    "Default",
                    "hidden",
                    "",
                    FREE,
                )
            };
            let user = self.user(9, USER_FIELDS);
            format!(
                "<org_name>TestAccount</org_name><extra_fields></extra_fields>\
                 <monthly_billing_enabled>true</monthly_billing_enabled>\
                 <monthly_charging_enabled>true</monthly_charging_enabled>\
                 <credit_card_stored>false</credit_card_stored><plans>{plan}</plans><users>{user}</users>"
            )
        };
        let head = self.head(*id);
        format!("<account>{head}<state>{state}</state><annotations></annotations>{rest}</account>")
    }

    fn user(&self, id: i64, fields: &str) -> String {
        let (head, account) = (self.head(id), self.id);
        format!(
            "<user>{head}<account_id>{account}</account_id><state>pending</state><role>admin</role>{fields}</user>"
        )
    }

    fn application(&self) -> String {
        let Self { action, id, .. } = self;
        let state = if *action == "suspended" {
            "suspended"
        } else {
            "live"
        };
        let has_keys = action.starts_with("key_") || *action == "deleted";
        let service = if has_keys { "40" } else { "34" };
        let credentials = match *action {
            "deleted" => "<application_id>8d754b83</application_id>".to_owned(),
            _ if has_keys => "<application_id>8d754b83</application_id><keys>\
                 <key>f8e34f35fbd7763117f4e07e7a87c3c5</key><key>a&lt;b&amp;c&gt;\"d'</key></keys>"
                .to_owned(),
            _ => {
                let key = match *action {
                    "user_key_updated" => "ffffffffffffffffffffffffffffffff",
                    _ => "24dfa552d2b54907db559a47362bc9a8",
                };
                format!(
                    "<user_key>{key}</user_key>\
                     <provider_verification_key>3758600979422b1b697583de17d4e8a7</provider_verification_key>"
                )
            }
        };
        let of_service = "<service_id>34</service_id>";
        let plan = if *action == "plan_changed" {
            let attributes = " custom=\"true\" default=\"false\"";
            plan(
                attributes,
                "application_plan",
                "91",
                "Unlimited (custom)",
                "published",
                of_service,
                PAID,
            )
        } else {
            let attributes = " custom=\"false\" default=\"true\"";
            plan(
                attributes,
                "application_plan",
                "8",
                "Unlimited",
                "published",
                of_service,
                FREE,
            )
        };
        let fields = if *action == "deleted" {
            ""
        } else {
            "<name>TestAccount's App</name><description>App to the Echo API</description><extra_fields></extra_fields>"
        };
        let head = self.head(*id);
        format!(
            "<application>{head}<state>{state}</state><user_account_id>{id}</user_account_id><first_traffic_at/>\
             <first_daily_traffic_at/><service_id>{service}</service_id>{credentials}{plan}{fields}</application>"
        )
    }

    fn head(&self, id: i64) -> String {
        let time = &self.time;
        format!("<id>{id}</id><created_at>{time}</created_at><updated_at>{time}</updated_at>")
    }
}

const FREE: &str = "<approval_required>false</approval_required><setup_fee>0.0</setup_fee>\
    <cost_per_month>0.0</cost_per_month><trial_period_days/><cancellation_period>0</cancellation_period>";
const PAID: &str = "<approval_required>true</approval_required><setup_fee>5.0</setup_fee>\
    <cost_per_month>2.99</cost_per_month><trial_period_days>30</trial_period_days>\
    <cancellation_period>7</cancellation_period>";

fn plan(
    attributes: &str,
    kind: &str,
    id: &str,
    name: &str,
    state: &str,
    service: &str,
    terms: &str,
) -> String {
    format!(
        "<plan{attributes}><id>{id}</id><name>{name}</name><type>{kind}</type><state>{state}</state>{terms}{service}</plan>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use threescale::Notification;

    /// `tests/e2e` compares each with what the stand-in for 3scale writes.
    #[test]
    fn each_kind_has_a_document_that_says_so() {
        for kind in kinds() {
            let document = document(&kind, 1_700_000_000_123).unwrap();
            let notification = Notification::parse(document.as_bytes()).unwrap();
            let (object, action) = (notification.type_name(), notification.action());
            assert_eq!(format!("{object}.{action}"), kind);
            assert!(
                notification
                    .object_id()
                    .is_some_and(|id| id == "1700000000123")
            );
            assert!(
                notification
                    .account_id()
                    .is_some_and(|id| id == "1700000000123"),
                "{kind}"
            );
            let updated_at = notification.updated_at().unwrap();
            assert_eq!(updated_at.unix_seconds(), 1_700_000_000);
        }
        for wrong in [
            "application",
            "application.exploded",
            "invoice.created",
            "",
            "user.plan_changed",
        ] {
            assert_eq!(document(wrong, 0), None, "{wrong}");
        }
    }
}
