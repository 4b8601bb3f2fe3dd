//! Calls into a Durable Object: one method for every operation, typed on both sides by [`edge_core::messages`].

use edge_core::messages::{Operation, decode, encode};
use serde::{Serialize, de::DeserializeOwned};
use worker::{Request, Response, Result, Stub};

use crate::http::request;

/// Asks an object to perform an operation, and waits for its reply.
///
/// # Errors
///
/// The object could not be reached, or did not perform it: its state is not known to have changed.
pub async fn call<O: Operation>(object: &Stub, operation: O) -> Result<O::Reply> {
    let message = encode(&operation.into())?;
    let request = request::post("https://object/", [], &message, None)?;
    let mut response = object.fetch_with_request(request).await?;
    match response.status_code() {
        200..=299 => decode(&response.bytes().await?)
            .map_err(|error| format!("an object's reply cannot be read: {error}").into()),
        status => Err(format!("the object answered {status}").into()),
    }
}

/// Reads the request that [`call`] has sent.
///
/// # Errors
///
/// It cannot be read.
pub async fn receive<R: DeserializeOwned>(request: &mut Request) -> Result<R> {
    decode(&request.bytes().await?)
        .map_err(|error| format!("a message to an object cannot be read: {error}").into())
}

/// Answers it.
///
/// # Errors
///
/// The runtime could not build the response.
pub fn reply(reply: &impl Serialize) -> Result<Response> {
    Response::from_bytes(encode(reply)?)
}
