//! Calls into a Durable Object: its methods, typed on both sides by [`edge_core::messages`]. `src/js/objects.js` has
//! the classes that the runtime calls.

use edge_core::messages::{Operation, decode, encode};
use js_sys::{Promise, Uint8Array, futures::JsFuture};
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::{Result, Stub};

#[wasm_bindgen]
extern "C" {
    type Methods;

    #[wasm_bindgen(method, catch)]
    fn ask(this: &Methods, message: Uint8Array) -> std::result::Result<Promise, JsValue>;
}

/// An object that can be called.
pub struct Object(Methods);

impl Object {
    /// The object behind a stub.
    #[must_use]
    pub fn new(stub: Stub) -> Self {
        Self(stub.into_rpc())
    }

    /// Asks the object to perform an operation, and waits for its reply.
    ///
    /// # Errors
    ///
    /// The object could not be reached, or did not perform it: its state is not known to have changed.
    pub async fn ask<O: Operation>(&self, operation: O) -> Result<O::Reply> {
        let message = Uint8Array::from(encode(&operation.into())?.as_slice());
        read(self.0.ask(message)?).await
    }
}

async fn read<T: serde::de::DeserializeOwned>(reply: Promise) -> Result<T> {
    let reply = JsFuture::from(reply).await?;
    let reply = reply.unchecked_ref::<Uint8Array>().to_vec();
    decode(&reply).map_err(|error| format!("an object's reply cannot be read: {error}").into())
}

/// A reply, on its way back.
///
/// # Errors
///
/// It has no JSON form, which is a mistake in its type.
pub fn reply(reply: &impl Serialize) -> Result<Vec<u8>> {
    Ok(encode(reply)?)
}
