//! Whether an address leads to this Worker: it is asked to prove it with a nonce, before 3scale is told to send its
//! secret there.
//!
//! The proof is a MAC over the nonce and the origin at which the asked one was called. A host that passes the question
//! on to the real Worker gets a proof for the Worker's own origin, which is of no use to it.

use standardwebhooks::Webhook;
use subtle::ConstantTimeEq as _;

use crate::config::Config;

/// The query parameter of `GET /healthz` that asks for a proof.
const PARAMETER: &str = "nonce";
/// Nonces are UUIDs and the like. A longer one is not from this Worker.
const LONGEST_NONCE: usize = 64;
/// What the MAC is for, in place of a webhook's id: no delivery is signed under it.
const PURPOSE: &str = "threescale-edge identity";

/// The path and query under which an address is asked for its proof.
#[must_use]
pub fn question(nonce: &str) -> String {
    format!("/healthz?{PARAMETER}={nonce}")
}

/// The nonce that a query asks to prove, if it does.
#[must_use]
pub fn nonce(query: &str) -> Option<&str> {
    let (name, nonce) = query.split_once('=')?;
    let is_nonce = (1..=LONGEST_NONCE).contains(&nonce.len())
        && nonce
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (name == PARAMETER && is_nonce).then_some(nonce)
}

/// The proof of the Worker that is called at this origin. `None` if no source can be registered: then nobody asks.
///
/// The key is made of every secret at once, an access token of 3scale's among them, so nobody finds it by trying.
#[must_use]
pub fn proof(config: &Config, origin: &str, nonce: &str) -> Option<String> {
    config.sources.iter().find_map(|source| source.admin())?;
    let mut key = Vec::new();
    for secret in config.secrets() {
        // With its length, so that no two lists of secrets make one key.
        key.extend_from_slice(format!("{}:", secret.reveal().len()).as_bytes());
        key.extend_from_slice(secret.reveal().as_bytes());
    }
    let said = format!("{nonce} {origin}");
    Webhook::from_bytes(key)
        .and_then(|key| key.sign(PURPOSE, 0, said.as_bytes()))
        .ok()
}

/// `true` if the answer proves that this Worker is called at this origin.
#[must_use]
pub fn is_proven(config: &Config, origin: &str, nonce: &str, answer: &[u8]) -> bool {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    let given = answer.get("proof").and_then(serde_json::Value::as_str);
    match (proof(config, origin, nonce), given) {
        (Some(proof), Some(given)) => bool::from(proof.as_bytes().ct_eq(given.as_bytes())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{config, registrable};

    const OURS: &str = "https://edge.example.com";
    const NONCE: &str = "0192f3c4-0000-7000-8000-000000000000";

    fn answer(config: &Config, called: &str) -> Vec<u8> {
        let proof = proof(config, called, NONCE);
        serde_json::json!({ "status": "ok", "proof": proof })
            .to_string()
            .into_bytes()
    }

    #[test]
    fn only_this_worker_at_this_address_can_prove_it() {
        let config = registrable("acme-access-token");
        assert!(is_proven(&config, OURS, NONCE, &answer(&config, OURS)));
        // Another host that asks us in turn.
        let passed_on = answer(&config, OURS);
        let theirs = "https://collector.example.net";
        assert!(!is_proven(&config, theirs, NONCE, &passed_on));
        // Another deployment, an older answer, and what is no answer.
        let other = registrable("another-access-token");
        assert!(!is_proven(&config, OURS, NONCE, &answer(&other, OURS)));
        let earlier = answer(&config, OURS);
        assert!(!is_proven(&config, OURS, "another-nonce", &earlier));
        for nothing in ["", "{}", "<html>", r#"{"proof":""}"#, r#"{"proof":1}"#] {
            assert!(!is_proven(&config, OURS, NONCE, nothing.as_bytes()));
        }
    }

    #[test]
    fn a_worker_that_registers_nothing_gives_no_proof_of_its_secrets() {
        assert_eq!(proof(&config(), OURS, NONCE), None);
    }

    #[test]
    fn a_proof_is_asked_for_with_a_nonce_and_nothing_else() {
        let asked = question(NONCE);
        assert_eq!(nonce(asked.split_once('?').unwrap().1), Some(NONCE));
        for query in ["", "nonce", "nonce=", "nonce=a%20b", "x=1", "nonce=1&x=2"] {
            assert_eq!(nonce(query), None, "{query}");
        }
        assert_eq!(nonce(&format!("nonce={}", "a".repeat(65))), None);
    }
}
