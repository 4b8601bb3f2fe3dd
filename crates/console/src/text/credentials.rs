//! What 3scale's documents hold that opens a customer's API. It is masked until somebody asks for it, which the audit
//! list notes.

use edge_core::sort::sort_by_key;
use std::collections::BTreeSet;

use serde_json::Value;

/// What stands for a credential.
pub const MASK: &str = "••••••••";

/// Whether credentials are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// A mask stands for each.
    Masked,
    /// They are shown.
    Shown,
}

/// The elements in which 3scale has credentials (`threescale::Application`), all that is in them included.
const NAMES: [&str; 4] = [
    "user_key",
    "provider_verification_key",
    "keys",
    "site_access_code",
];
/// Parts of a name: a tenant calls its own fields as it likes.
const PARTS: [&str; 4] = ["secret", "password", "token", "api_key"];

/// `true` if what is in an element or a member of this name is a credential.
#[must_use]
pub fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part))
}

/// Every credential in an event's JSON, the longest first, so that one which is a part of another hides none of it.
#[must_use]
pub fn values(event: &Value) -> Vec<String> {
    let mut found = BTreeSet::new();
    collect(event, false, &mut found);
    let mut found: Vec<_> = found.into_iter().collect();
    sort_by_key(&mut found, |value| std::cmp::Reverse(value.len()));
    found
}

fn collect(value: &Value, is_within: bool, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, is_within || is_credential(name), found);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect(item, is_within, found)),
        // A shorter one would be found by chance.
        Value::String(text) if is_within && text.len() >= 6 => {
            found.insert(text.clone());
        }
        _ => {}
    }
}

/// A text of somebody else's without these: an origin may echo what it was sent.
#[must_use]
pub fn masked(text: &str, values: &[String]) -> String {
    values
        .iter()
        .fold(text.to_owned(), |text, value| text.replace(value, MASK))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_origin_echoes_is_masked_too() {
        let event = json!({ "data": { "object": {
            "user_key": "24dfa552d2b5", "keys": ["f8e34f35", "f8e34f3509"], "name": "not secret",
            "extra_fields": { "client_secret": { "a": "hunter22" } },
        } } });
        let values = values(&event);
        assert_eq!(values.len(), 4, "{values:?}");
        let answer = "no 24dfa552d2b5, f8e34f3509 or hunter22 for not secret";
        assert_eq!(
            masked(answer, &values),
            format!("no {MASK}, {MASK} or {MASK} for not secret")
        );
    }

    #[test]
    fn a_customers_identifiers_are_not_secret() {
        for name in ["application_id", "id", "name", "state", "redirect_url"] {
            assert!(!is_credential(name), "{name}");
        }
        for name in [
            "user_key",
            "keys",
            "Client_Secret",
            "provider_verification_key",
        ] {
            assert!(is_credential(name), "{name}");
        }
    }
}
