//! What an event changed: the difference to the event before it, by the path of each field.

use edge_core::sort::sort_by_key;
use serde_json::Value;

use super::credentials::{Credentials, MASK, is_credential};

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is, such as `plan.name` or `users[9].email`.
    pub path: String,
    /// Its value before; `None` if it was not there.
    pub old: Option<String>,
    /// Its value now; `None` if it is gone.
    pub new: Option<String>,
}

/// How many are told: after that, the documents are to be read.
const MOST: usize = 200;

/// The fields that differ, in the order of their paths; the times, which always do, at the end.
#[must_use]
pub fn between(old: &Value, new: &Value, credentials: Credentials) -> Vec<Change> {
    let mut comparison = Comparison {
        masks: credentials == Credentials::Masked,
        changes: Vec::new(),
    };
    comparison.compare(&mut String::new(), Some(old), Some(new), false);
    let mut changes = comparison.changes;
    sort_by_key(&mut changes, |change| change.path.ends_with("updated_at"));
    changes.truncate(MOST);
    changes
}

struct Comparison {
    masks: bool,
    changes: Vec<Change>,
}

impl Comparison {
    /// The documents have a limited depth (`threescale::Limits`), so this may recurse.
    fn compare(
        &mut self,
        path: &mut String,
        old: Option<&Value>,
        new: Option<&Value>,
        secret: bool,
    ) {
        if old == new {
            return;
        }
        match (old, new) {
            (Some(Value::Object(before)), Some(Value::Object(now))) => {
                let gone = before.keys().filter(|name| !now.contains_key(*name));
                for name in now.keys().chain(gone) {
                    let secret = secret || is_credential(name);
                    self.at(path, name, false, before.get(name), now.get(name), secret);
                }
            }
            (Some(Value::Array(before)), Some(Value::Array(now))) => {
                self.lists(path, before, now, secret);
            }
            // Something whole came or went: each of its fields did.
            (None, Some(Value::Object(members))) => {
                for (name, value) in members {
                    self.at(
                        path,
                        name,
                        false,
                        None,
                        Some(value),
                        secret || is_credential(name),
                    );
                }
            }
            (Some(Value::Object(members)), None) => {
                for (name, value) in members {
                    self.at(
                        path,
                        name,
                        false,
                        Some(value),
                        None,
                        secret || is_credential(name),
                    );
                }
            }
            (None | Some(Value::Null), Some(Value::Array(now))) => {
                self.lists(path, &[], now, secret);
            }
            (Some(Value::Array(before)), None | Some(Value::Null)) => {
                self.lists(path, before, &[], secret);
            }
            (old, new) => {
                let old = old.map(|value| self.shown(value, secret));
                let new = new.map(|value| self.shown(value, secret));
                self.changes.push(Change {
                    path: path.clone(),
                    old,
                    new,
                });
            }
        }
    }

    /// Items with an id are told apart by it, others by their value: their order is not the tenant's doing.
    fn lists(&mut self, path: &mut String, before: &[Value], now: &[Value], secret: bool) {
        let known = |items: &[Value], item: &Value| match item.get("id") {
            Some(id) => items
                .iter()
                .find(|other| other.get("id") == Some(id))
                .cloned(),
            None => items.iter().find(|other| *other == item).cloned(),
        };
        let label = |item: &Value, at: usize| match item.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(id) => id.to_string(),
            None => at.to_string(),
        };
        for (at, item) in now.iter().enumerate() {
            let old = known(before, item);
            self.at(
                path,
                &label(item, at),
                true,
                old.as_ref(),
                Some(item),
                secret,
            );
        }
        for (at, item) in before.iter().enumerate() {
            if known(now, item).is_none() {
                self.at(path, &label(item, at), true, Some(item), None, secret);
            }
        }
    }

    fn at(
        &mut self,
        path: &mut String,
        name: &str,
        is_item: bool,
        old: Option<&Value>,
        new: Option<&Value>,
        secret: bool,
    ) {
        let length = path.len();
        if is_item {
            path.push('[');
            path.push_str(name);
            path.push(']');
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
        }
        self.compare(path, old, new, secret);
        path.truncate(length);
    }

    fn shown(&self, value: &Value, is_credential: bool) -> String {
        match value {
            Value::Null => "empty".to_owned(),
            _ if is_credential && self.masks => MASK.to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(old: &Value, new: &Value) -> Vec<String> {
        let changes = between(old, new, Credentials::Masked);
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        changes
            .into_iter()
            .map(|one| format!("{}: {} > {}", one.path, text(one.old), text(one.new)))
            .collect()
    }

    #[test]
    fn each_field_that_differs_is_told_by_its_path_and_times_come_last() {
        let old = json!({ "state": "live", "updated_at": "1", "zone": 1, "plan": { "id": 8, "name": "Free" }, "gone": "x" });
        let new = json!({ "state": "suspended", "updated_at": "2", "zone": 2, "plan": { "id": 8, "name": "Paid" }, "note": null });
        assert_eq!(
            told(&old, &new),
            [
                "note: - > empty",
                "plan.name: Free > Paid",
                "state: live > suspended",
                "zone: 1 > 2",
                "gone: x > -",
                "updated_at: 1 > 2",
            ]
        );
    }

    #[test]
    fn items_are_told_apart_by_their_ids_and_keys_are_masked() {
        let old = json!({ "users": [{ "id": 9, "email": "a" }, { "id": 7, "email": "b" }], "keys": ["k1", "k2"] });
        let new = json!({ "users": [{ "id": 7, "email": "b" }, { "id": 9, "email": "c" }], "keys": ["k2", "k3"] });
        assert_eq!(
            told(&old, &new),
            [
                format!("keys[1]: - > {MASK}"),
                format!("keys[0]: {MASK} > -"),
                "users[9].email: a > c".to_owned()
            ]
        );
        let shown = between(&old, &new, Credentials::Shown);
        assert_eq!(shown[0].new.as_deref(), Some("k3"));
    }

    #[test]
    fn equal_documents_have_no_difference() {
        let value = json!({ "a": [1, { "b": null }] });
        assert!(told(&value, &value).is_empty());
        assert_eq!(
            told(&json!({}), &json!({ "plan": { "id": 1 } })),
            ["plan.id: - > 1"]
        );
    }
}
