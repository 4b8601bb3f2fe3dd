//! A row from SQLite, read by column from the left: without a look-up of each name in each row.

use std::str::FromStr;

use worker::{Result, SqlStorage, SqlStorageValue};

/// A row that is read column by column.
pub(crate) struct Row(std::vec::IntoIter<SqlStorageValue>);

/// Every row that a query finds.
pub(crate) fn read(
    sql: &SqlStorage,
    query: &str,
    values: Vec<SqlStorageValue>,
) -> Result<Vec<Row>> {
    sql.exec(query, values)?
        .raw()
        .map(|row| row.map(|columns| Row(columns.into_iter())))
        .collect()
}

impl Row {
    pub(crate) fn text(&mut self) -> Result<String> {
        match self.0.next() {
            Some(SqlStorageValue::String(text)) => Ok(text),
            other => unexpected("text", other.as_ref()),
        }
    }

    /// Text with a type of its own, such as an id.
    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| format!("a table has {text:?}, which is not valid there").into())
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>> {
        match self.0.next() {
            Some(SqlStorageValue::String(text)) => Ok(Some(text)),
            Some(SqlStorageValue::Null) => Ok(None),
            other => unexpected("text or NULL", other.as_ref()),
        }
    }

    pub(crate) fn integer(&mut self) -> Result<i64> {
        self.optional_integer()?.map_or_else(
            || unexpected("an integer", Some(&SqlStorageValue::Null)),
            Ok,
        )
    }

    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>> {
        match self.0.next() {
            Some(SqlStorageValue::Integer(number)) => Ok(Some(number)),
            Some(SqlStorageValue::Null) => Ok(None),
            other => unexpected("an integer or NULL", other.as_ref()),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        match self.0.next() {
            Some(SqlStorageValue::Blob(bytes)) => Ok(bytes),
            other => unexpected("a blob", other.as_ref()),
        }
    }
}

fn unexpected<T>(wanted: &str, found: Option<&SqlStorageValue>) -> Result<T> {
    let found = match found {
        None => "no column",
        Some(SqlStorageValue::Null) => "NULL",
        Some(SqlStorageValue::Boolean(_)) => "a boolean",
        Some(SqlStorageValue::Integer(_)) => "an integer",
        Some(SqlStorageValue::Float(_)) => "a float",
        Some(SqlStorageValue::String(_)) => "text",
        Some(SqlStorageValue::Blob(_)) => "a blob",
    };
    Err(format!("a table has {found} where {wanted} was expected").into())
}
