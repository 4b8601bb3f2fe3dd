//! A filter as SQL. What an operator wrote is bound, never put into the text.

use edge_core::filter::{Filter, Member};
use worker::{Result, SqlStorageValue};

use super::Store;
use crate::sql::values;

/// What a member means, with a question mark where its value stands: in two places for [`Member::Text`].
const CONDITIONS: [(Member, &str); 7] = [
    (Member::Kind, "kind = ?"),
    (Member::Action, "action = ?"),
    (Member::Object, "object = ?"),
    (Member::Account, "account = ?"),
    (Member::From, "id >= ?"),
    (Member::Before, "id < ?"),
    (
        Member::Text,
        "(instr(id, ?) OR instr(lower(CAST(xml AS TEXT)), ?))",
    ),
];

/// There is an index by type and object. Without an object, a plus sign keeps SQLite from taking it for a
/// good one: it would read and sort every event of the type.
const KIND_ALONE: &str = "+kind = ?";

/// The same of a delivery.
const OF_A_DELIVERY: [(Member, &str); 2] = [
    (Member::Destination, "destination = ?"),
    (Member::State, "state = ?"),
];

/// The condition that a row of `events` meets, with the values of its question marks.
pub(super) fn of_events(filter: &Filter) -> (String, Vec<&str>) {
    let (mut sql, mut values) = all(filter, &CONDITIONS);
    if filter.names_deliveries() {
        let (delivery, its_values) = all(filter, &OF_A_DELIVERY);
        sql = format!(
            "{sql} AND EXISTS (SELECT 1 FROM deliveries WHERE deliveries.seq = events.seq AND {delivery})"
        );
        values.extend(its_values);
    }
    (sql, values)
}

fn all<'f>(filter: &'f Filter, conditions: &[(Member, &str)]) -> (String, Vec<&'f str>) {
    let mut sql = "true".to_owned();
    let mut values = Vec::new();
    for (member, condition) in conditions {
        if let Some(value) = filter.get(*member) {
            let alone = *member == Member::Kind && !filter.has(Member::Object);
            sql.push_str(" AND ");
            sql.push_str(if alone { KIND_ALONE } else { condition });
            values.push(value);
            if *member == Member::Text {
                values.push(value);
            }
        }
    }
    (sql, values)
}

/// Values that stand in a row, to bind.
pub(super) fn bound(values: Vec<&str>) -> impl Iterator<Item = SqlStorageValue> {
    values.into_iter().map(SqlStorageValue::from)
}

impl Store {
    /// Where those deliveries of an event go that the filter names.
    pub(in crate::inbox) fn named_deliveries(
        &self,
        seq: i64,
        filter: &Filter,
    ) -> Result<Vec<String>> {
        let (delivery, its_values) = all(filter, &OF_A_DELIVERY);
        let query = format!("SELECT destination FROM deliveries WHERE seq = ? AND {delivery}");
        let mut values = values![seq];
        values.extend(bound(its_values));
        let rows = self.rows(&query, values)?;
        rows.into_iter().map(|mut row| row.text()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(members: &[(Member, &str)]) -> Filter {
        let mut filter = Filter::default();
        for (member, value) in members {
            filter.set(*member, *value);
        }
        filter
    }

    #[test]
    fn an_empty_filter_is_no_condition() {
        assert_eq!(of_events(&Filter::default()), ("true".to_owned(), vec![]));
    }

    #[test]
    fn each_value_is_bound_where_its_question_mark_stands() {
        let filter = filter(&[
            (Member::State, "dead"),
            (Member::Text, "o'neill"),
            (Member::Before, "0192"),
            (Member::Destination, "crm"),
        ]);
        let (sql, values) = of_events(&filter);
        assert_eq!(values, ["0192", "o'neill", "o'neill", "crm", "dead"]);
        assert_eq!(sql.matches('?').count(), values.len());
        assert!(!sql.contains("neill"), "{sql}");
    }

    #[test]
    fn the_index_by_object_is_for_an_object() {
        let kind = (Member::Kind, "user");
        assert_eq!(of_events(&filter(&[kind])).0, "true AND +kind = ?");
        assert_eq!(
            of_events(&filter(&[kind, (Member::Object, "9")])).0,
            "true AND kind = ? AND object = ?"
        );
    }
}
