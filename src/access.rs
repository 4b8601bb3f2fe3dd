//! Cloudflare Access: verifies what it says of a person. [`edge_core::access`] has the rules; here are the runtime's
//! cryptography, and the team's keys, which each instance keeps for an hour.

use std::{cell::RefCell, time::Duration};

use edge_core::access::{Access, Assertion, Key, Keys, Lookup, Person, Refusal};
use futures_util::StreamExt as _;
use js_sys::{Array, Object, Reflect, Uint8Array, futures::JsFuture};
use wasm_bindgen::{JsCast as _, JsValue};
use worker::{Error, Fetch, Result, web_sys};

use crate::{
    http::request::{request, within},
    log,
    platform::now_ms,
};

const TIMEOUT: Duration = Duration::from_secs(5);
/// Some keys and certificates are a few KB.
const LONGEST_LIST: usize = 64 << 10;

thread_local! {
    static KEYS: RefCell<Keys> = RefCell::default();
}

/// The person, if the assertion counts. The log has the reason if it does not.
pub async fn person(access: &Access, assertion: &str) -> Option<Person> {
    match verified(access, assertion).await {
        Ok(Ok(person)) => Some(person),
        Ok(Err(refusal)) => {
            log::error("admitting by Access", &Error::from(refusal.words()));
            None
        }
        Err(error) => {
            log::error("verifying an assertion of Access", &error);
            None
        }
    }
}

async fn verified(
    access: &Access,
    assertion: &str,
) -> Result<std::result::Result<Person, Refusal>> {
    let assertion = match Assertion::read(assertion, access, now_ms().div_euclid(1000)) {
        Ok(assertion) => assertion,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(key) = key(access, &assertion.key_id).await? else {
        return Ok(Err(Refusal::UnknownKey));
    };
    let is_right = is_signed(&key, assertion.signed, &assertion.signature).await?;
    Ok(assertion.verified(is_right))
}

async fn key(access: &Access, id: &str) -> Result<Option<Key>> {
    let find = || KEYS.with_borrow(|keys| keys.find(id, now_ms()));
    let mut found = find();
    if found == Lookup::Fetch {
        let body = within(TIMEOUT, fetch(&access.keys_url())).await;
        let body = body.ok_or("the keys of Access did not come in time")??;
        let keys = Keys::read(&body, now_ms()).ok_or("the keys of Access are no list of keys")?;
        KEYS.set(keys);
        found = find();
    }
    match found {
        Lookup::Known(key) => Ok(Some(key)),
        Lookup::Fetch | Lookup::Unknown => Ok(None),
    }
}

async fn fetch(url: &str) -> Result<Vec<u8>> {
    let mut response = Fetch::Request(request("GET", url, [], None, None)?)
        .send()
        .await?;
    if response.status_code() != 200 {
        return Err(format!("the keys of Access: status {}", response.status_code()).into());
    }
    let (mut stream, mut body) = (response.stream()?, Vec::new());
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > LONGEST_LIST {
            return Err("the keys of Access are too long".into());
        }
    }
    Ok(body)
}

/// Verifies `RSASSA-PKCS1-v1_5` with SHA-256, which a JSON Web Token calls RS256 (RFC 7518 §3.3).
async fn is_signed(key: &Key, signed: &[u8], signature: &[u8]) -> Result<bool> {
    let crypto = Reflect::get(&js_sys::global(), &"crypto".into())?;
    let subtle = crypto.unchecked_into::<web_sys::Crypto>().subtle();
    let algorithm = object(&[("name", "RSASSA-PKCS1-v1_5"), ("hash", "SHA-256")])?;
    let jwk = object(&[
        ("kty", "RSA"),
        ("alg", "RS256"),
        ("n", &key.n),
        ("e", &key.e),
    ])?;
    let usages = Array::of1(&"verify".into());
    let key = subtle.import_key_with_object("jwk", &jwk, &algorithm, false, &usages)?;
    let key: web_sys::CryptoKey = JsFuture::from(key).await?.unchecked_into();
    let (signature, signed) = (Uint8Array::from(signature), Uint8Array::from(signed));
    let verified = subtle.verify_with_object_and_js_u8_array_and_js_u8_array(
        &algorithm, &key, &signature, &signed,
    )?;
    Ok(JsFuture::from(verified).await?.is_truthy())
}

fn object(members: &[(&str, &str)]) -> std::result::Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &(*name).into(), &(*value).into())?;
    }
    Ok(object)
}
