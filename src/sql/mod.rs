//! SQLite in a Durable Object, as both kinds of object use it. `worker`'s own binding turns each value into an enum and
//! back, and cannot take bytes that are JavaScript's already; this one hands values over as they are.

pub mod row;
pub mod transaction;

use std::ops::ControlFlow;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::{Error, Result, Storage};

use self::row::Row;

#[wasm_bindgen]
extern "C" {
    type RawStorage;
    #[wasm_bindgen(method, getter)]
    fn sql(this: &RawStorage) -> RawSql;

    pub(crate) type RawSql;
    #[wasm_bindgen(method, catch, variadic)]
    fn exec(
        this: &RawSql,
        statement: &str,
        values: Array,
    ) -> std::result::Result<RawCursor, JsValue>;

    pub(crate) type RawCursor;
    #[wasm_bindgen(method, catch)]
    fn raw(this: &RawCursor) -> std::result::Result<RawRows, JsValue>;
    /// How many rows it wrote, those of indexes included.
    #[wasm_bindgen(method, getter, js_name = rowsWritten)]
    pub(crate) fn rows_written(this: &RawCursor) -> f64;

    type RawRows;
    #[wasm_bindgen(method, catch)]
    fn next(this: &RawRows) -> std::result::Result<RawNext, JsValue>;

    type RawNext;
    #[wasm_bindgen(method, getter)]
    fn done(this: &RawNext) -> bool;
    #[wasm_bindgen(method, getter)]
    fn value(this: &RawNext) -> Array;
}

/// An object's database.
pub(crate) struct Sql(RawSql);

impl Sql {
    pub(crate) fn of(storage: &Storage) -> Self {
        Self(storage.as_raw().unchecked_ref::<RawStorage>().sql())
    }

    /// For the statements of the way in, which have bindings of their own: a call for each value costs as much as the
    /// statement.
    pub(crate) fn raw(&self) -> &RawSql {
        &self.0
    }

    /// Executes a statement of which no row is wanted.
    pub(crate) fn run(&self, statement: &str, values: Array) -> Result<()> {
        self.0
            .exec(statement, values)
            .map(|_| ())
            .map_err(Error::from)
    }

    /// Visits the rows that a query finds, which are read one by one, until `visit` breaks.
    pub(crate) fn visit(
        &self,
        query: &str,
        values: Array,
        mut visit: impl FnMut(Row) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        each(&self.0.exec(query, values)?, &mut visit)
    }

    /// Every row that a query finds.
    pub(crate) fn rows(&self, query: &str, values: Array) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.visit(query, values, |row| {
            rows.push(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    /// The first row that a query finds.
    pub(crate) fn row(&self, query: &str, values: Array) -> Result<Option<Row>> {
        let next = self.0.exec(query, values)?.raw()?.next()?;
        Ok((!next.done()).then(|| Row::new(next.value())))
    }
}

/// Visits a cursor's rows until `visit` breaks.
pub(crate) fn each(
    cursor: &RawCursor,
    mut visit: impl FnMut(Row) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let rows = cursor.raw()?;
    loop {
        let next = rows.next()?;
        if next.done() || visit(Row::new(next.value()))?.is_break() {
            return Ok(());
        }
    }
}

/// A value that is bound to a question mark.
pub(crate) trait Column {
    fn column(self) -> JsValue;
}

/// A number as JavaScript has it.
#[expect(
    clippy::cast_precision_loss,
    reason = "JavaScript's numbers are exact up to 2^53: times, places and counts are smaller"
)]
pub(crate) fn number(value: i64) -> f64 {
    value as f64
}

impl Column for i64 {
    fn column(self) -> JsValue {
        JsValue::from_f64(number(self))
    }
}

impl Column for u32 {
    fn column(self) -> JsValue {
        JsValue::from_f64(f64::from(self))
    }
}

impl Column for bool {
    fn column(self) -> JsValue {
        u32::from(self).column()
    }
}

impl Column for &str {
    fn column(self) -> JsValue {
        JsValue::from_str(self)
    }
}

impl Column for String {
    fn column(self) -> JsValue {
        self.as_str().column()
    }
}

impl Column for &[u8] {
    fn column(self) -> JsValue {
        Uint8Array::from(self).into()
    }
}

impl Column for &JsValue {
    fn column(self) -> JsValue {
        self.clone()
    }
}

impl<T: Column> Column for Option<T> {
    fn column(self) -> JsValue {
        self.map_or(JsValue::NULL, Column::column)
    }
}

/// The values of one statement, in the order of its question marks.
macro_rules! values {
    ($($value:expr),* $(,)?) => {{
        let values = js_sys::Array::new();
        $(values.push(&$crate::sql::Column::column($value));)*
        values
    }};
}
pub(crate) use values;
