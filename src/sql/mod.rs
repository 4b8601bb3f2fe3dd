//! SQLite in a Durable Object, as both kinds of object use it.

pub mod row;
pub mod transaction;

/// The values of one statement, in the order of its question marks.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$(worker::SqlStorageValue::from($value)),*]
    };
}
pub(crate) use values;
