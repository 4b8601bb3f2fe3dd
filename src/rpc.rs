//! Calls into a Durable Object: its methods, typed on both sides by [`edge_core::messages`]. `src/js/objects.js` has
//! the classes that the runtime calls.

use edge_core::messages::{Operation, decode, encode};
use js_sys::{Promise, Uint8Array, futures::JsFuture};
use serde::{Serialize, de::DeserializeOwned};
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
        read(&self.ask_encoded(&encode(&operation.into())?).await?)
    }

    /// The same of a message that is encoded already. Not generic: each instance of what awaits several objects at once
    /// is some kilobytes of the upload.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn ask_encoded(&self, message: &[u8]) -> Result<Vec<u8>> {
        let reply = JsFuture::from(self.0.ask(Uint8Array::from(message))?).await?;
        Ok(reply.unchecked_ref::<Uint8Array>().to_vec())
    }
}

/// Reads an object's reply.
///
/// # Errors
///
/// It is no such reply.
pub fn read<T: DeserializeOwned>(reply: &[u8]) -> Result<T> {
    decode(reply).map_err(|error| format!("an object's reply cannot be read: {error}").into())
}

/// A reply, on its way back.
///
/// # Errors
///
/// It has no JSON form, which is a mistake in its type.
pub fn reply(reply: &impl Serialize) -> Result<Vec<u8>> {
    Ok(encode(reply)?)
}
