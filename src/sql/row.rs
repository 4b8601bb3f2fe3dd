//! A row from SQLite, read by column from the left: without a look-up of each name in each row.

use std::str::FromStr;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use worker::Result;

/// A row that is read column by column.
pub(crate) struct Row {
    columns: Array,
    next: u32,
}

impl Row {
    pub(super) fn new(columns: Array) -> Self {
        Self { columns, next: 0 }
    }

    fn column(&mut self) -> JsValue {
        let column = self.columns.get(self.next);
        self.next += 1;
        column
    }

    fn optional<T>(
        &mut self,
        wanted: &str,
        read: impl FnOnce(&JsValue) -> Option<T>,
    ) -> Result<Option<T>> {
        let column = self.column();
        if column.is_null() {
            return Ok(None);
        }
        let value = read(&column);
        value.map(Some).ok_or_else(|| unexpected(wanted, &column))
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        let text = self.optional_text()?;
        text.ok_or_else(|| unexpected("text", &JsValue::NULL))
    }

    /// Text with a type of its own, such as an id.
    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| format!("a table has {text:?}, which is not valid there").into())
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>> {
        self.optional("text", JsValue::as_string)
    }

    pub(crate) fn integer(&mut self) -> Result<i64> {
        let number = self.optional_integer()?;
        number.ok_or_else(|| unexpected("an integer", &JsValue::NULL))
    }

    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an INTEGER column: a whole number"
        )]
        let integer = |value: &JsValue| value.as_f64().map(|number| number as i64);
        self.optional("an integer", integer)
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        let bytes = self.optional_bytes()?;
        bytes.ok_or_else(|| unexpected("a blob", &JsValue::NULL))
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        self.optional("a blob", |value| {
            let buffer = value.dyn_ref::<js_sys::ArrayBuffer>()?;
            Some(Uint8Array::new(buffer).to_vec())
        })
    }

    /// A blob of exactly this length.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.bytes()?;
        let found = bytes.len();
        bytes
            .try_into()
            .map_err(|_| format!("a table has {found} bytes where {N} were expected").into())
    }
}

fn unexpected(wanted: &str, found: &JsValue) -> worker::Error {
    let found = if found.is_undefined() {
        "no column".to_owned()
    } else if found.is_null() {
        "NULL".to_owned()
    } else {
        found.js_typeof().as_string().unwrap_or_default()
    };
    format!("a table has {found} where {wanted} was expected").into()
}
