//! A filter as SQL. Values that an operator wrote are bound, never put into the text.

use edge_core::{filter::Filter, id::first_id, name::DestinationName};
use worker::{Result, SqlStorageValue};

use super::Store;
use crate::sql::values;

/// The condition on a row of `events`, with the values of its question marks.
///
/// Every property of a filter is named here, so that a new one does not compile until it has a condition.
pub(super) fn of_events(filter: &Filter) -> (String, Vec<String>) {
    let Filter {
        kind,
        action,
        object,
        account,
        since_ms,
        until_ms,
        text,
        state,
        destination,
    } = filter;
    let mut conditions = Conditions::default();
    // There is an index by type and object. Without an object, a plus sign keeps SQLite from using it: it would read
    // and sort every event of the type.
    let of_kind = if object.is_some() {
        "kind = ?"
    } else {
        "+kind = ?"
    };
    conditions.add(of_kind, kind.clone());
    conditions.add("action = ?", action.clone());
    conditions.add("object = ?", object.clone());
    conditions.add("account = ?", account.clone());
    conditions.add("id >= ?", since_ms.map(first_id));
    conditions.add("id < ?", until_ms.map(first_id));
    conditions.add(
        "(instr(id, ?1) OR instr(lower(CAST(xml AS TEXT)), ?1))",
        text.clone(),
    );
    if state.is_some() || destination.is_some() {
        let delivery = of_delivery(filter);
        let condition = format!(
            "EXISTS (SELECT 1 FROM deliveries WHERE deliveries.seq = events.seq AND {})",
            delivery.sql()
        );
        conditions.add_all(&condition, delivery.values);
    }
    (conditions.sql(), conditions.values)
}

/// The condition on a row of `deliveries`.
fn of_delivery(filter: &Filter) -> Conditions {
    let mut conditions = Conditions::default();
    let destination = filter.destination.as_ref().map(ToString::to_string);
    conditions.add("destination = ?", destination);
    conditions.add("state = ?", filter.state.map(|state| state.to_string()));
    conditions
}

/// Conditions that all hold.
#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    values: Vec<String>,
}

impl Conditions {
    /// Adds a condition if there is a value for it. The value is bound once, or wherever `?1` occurs.
    fn add(&mut self, condition: &str, value: Option<String>) {
        let Some(value) = value else { return };
        let times = condition.matches("?1").count().max(1);
        let values = std::iter::repeat_n(value, times).collect();
        self.add_all(&condition.replace("?1", "?"), values);
    }

    fn add_all(&mut self, condition: &str, values: Vec<String>) {
        self.texts.push(condition.to_owned());
        self.values.extend(values);
    }

    fn sql(&self) -> String {
        if self.texts.is_empty() {
            return "true".to_owned();
        }
        self.texts.join(" AND ")
    }
}

/// Values to bind.
pub(super) fn bound(values: Vec<String>) -> impl Iterator<Item = SqlStorageValue> {
    values.into_iter().map(SqlStorageValue::from)
}

impl Store {
    /// The destinations of those deliveries of an event that the filter names.
    pub(in crate::inbox) fn named_deliveries(
        &self,
        seq: i64,
        filter: &Filter,
    ) -> Result<Vec<DestinationName>> {
        let delivery = of_delivery(filter);
        let query = format!(
            "SELECT destination FROM deliveries WHERE seq = ? AND {}",
            delivery.sql()
        );
        let mut values = values![seq];
        values.extend(bound(delivery.values));
        let rows = self.rows(&query, values)?;
        rows.into_iter().map(|mut row| row.parsed()).collect()
    }
}

#[cfg(test)]
mod tests {
    use edge_core::state::DeliveryState;

    use super::*;

    #[test]
    fn an_empty_filter_is_no_condition() {
        assert_eq!(of_events(&Filter::default()), ("true".to_owned(), vec![]));
    }

    #[test]
    fn each_value_is_bound_where_its_question_mark_stands() {
        let filter = Filter {
            until_ms: Some(0),
            text: Some("o'neill".to_owned()),
            state: Some(DeliveryState::Dead),
            destination: "crm".parse().ok(),
            ..Filter::default()
        };
        let (sql, values) = of_events(&filter);
        let until = first_id(0);
        assert_eq!(values, [&until, "o'neill", "o'neill", "crm", "dead"]);
        assert_eq!(sql.matches('?').count(), values.len());
        assert!(!sql.contains("neill"), "{sql}");
    }

    #[test]
    fn the_index_by_object_is_used_only_with_an_object() {
        let users = Filter {
            kind: Some("user".to_owned()),
            ..Filter::default()
        };
        assert_eq!(of_events(&users).0, "+kind = ?");
        let one = Filter {
            object: Some("9".to_owned()),
            ..users
        };
        assert_eq!(of_events(&one).0, "kind = ? AND object = ?");
    }
}
