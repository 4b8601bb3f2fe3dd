//! `storage.transactionSync`, which `worker` 0.8.7 does not bind.
//!
//! Statements that run without an `await` between them are one commit anyway, but when the second of them fails, the
//! first stays. Here it is rolled back.

use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::{Error, Result, Storage};

#[wasm_bindgen]
extern "C" {
    type SyncTransactions;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn run(
        this: &SyncTransactions,
        work: &mut dyn FnMut() -> std::result::Result<(), JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;
}

/// Runs `work`, and rolls back its changes if it fails.
pub(crate) fn transaction<T>(storage: &Storage, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let mut done = None;
    storage
        .as_raw()
        .unchecked_ref::<SyncTransactions>()
        .run(&mut || {
            done = Some(work().map_err(JsValue::from)?);
            Ok(())
        })
        .map_err(Error::from)?;
    done.ok_or_else(|| Error::RustError("the transaction did not run".to_owned()))
}
