//! Cloudflare Access: who it let through, as its header `Cf-Access-Jwt-Assertion` says. That is a JSON Web Token
//! (RFC 7519), signed with RS256. Whoever reaches the Worker past Access can send any header, so nothing counts before
//! the signature is verified with a key of the team's.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// The longest that keys are used before they are fetched again, in milliseconds. Cloudflare changes them every six
/// weeks and accepts old ones for a week more.
const KEYS_LAST_MS: i64 = 3_600_000;
/// How soon they are fetched again for a key that is not among them, in milliseconds: anybody can name one.
const FETCH_AGAIN_MS: i64 = 60_000;
/// How far apart the clocks may be, in seconds.
const SKEW_S: i64 = 60;

/// Which team's Access counts, and for which of its applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// `https://<team>.cloudflareaccess.com`.
    pub issuer: String,
    /// The audience tags of the applications.
    pub audiences: Vec<String>,
}

impl Access {
    /// Where the team's keys are.
    #[must_use]
    pub fn keys_url(&self) -> String {
        format!("{}/cdn-cgi/access/certs", self.issuer)
    }
}

/// Somebody who passed Access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their email address, or the client id of a program's service token.
    pub name: String,
}

/// The reason why an assertion does not count. It is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is no JSON Web Token that RS256 signs.
    Malformed,
    /// Another team issued it.
    OtherTeam,
    /// It is for another application.
    OtherApplication,
    /// It has expired, or is not valid yet.
    NotNow,
    /// It names nobody.
    Nameless,
    /// The team has no key of this id.
    UnknownKey,
    /// The signature is not that key's.
    WrongSignature,
}

impl Refusal {
    /// What an operator can do about it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Malformed => "the assertion of Access is no JSON Web Token that RS256 signs",
            Self::OtherTeam => "the assertion of Access is another team's: is ACCESS_TEAM right?",
            Self::OtherApplication => {
                "the assertion of Access is for another application: ACCESS_AUD must have its audience tag"
            }
            Self::NotNow => "the assertion of Access has expired",
            Self::Nameless => "the assertion of Access names neither a person nor a service token",
            Self::UnknownKey => "the assertion of Access names a key that its team does not have",
            Self::WrongSignature => "the signature of the assertion of Access is wrong",
        }
    }
}

/// An assertion whose claims are right, and whose signature is yet to be verified.
#[derive(Debug)]
pub struct Assertion<'a> {
    /// The id of the key that signed it.
    pub key_id: String,
    /// The bytes that are signed.
    pub signed: &'a [u8],
    /// The signature.
    pub signature: Vec<u8>,
    person: Person,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    /// One audience, or several (RFC 7519 §4.1.3).
    aud: Value,
    exp: i64,
    #[serde(default)]
    nbf: i64,
    email: Option<String>,
    common_name: Option<String>,
}

impl<'a> Assertion<'a> {
    /// Reads an assertion and checks its claims.
    ///
    /// # Errors
    ///
    /// It is malformed, for somebody else, or not valid now.
    pub fn read(text: &'a str, access: &Access, now_s: i64) -> Result<Self, Refusal> {
        let (signed, signature) = text.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        let header: Header = json(header)?;
        let claims: Claims = json(claims)?;
        let signature = URL_SAFE_NO_PAD.decode(signature);
        if header.alg != "RS256" {
            return Err(Refusal::Malformed);
        }
        if claims.iss != access.issuer {
            return Err(Refusal::OtherTeam);
        }
        if !access.audiences.iter().any(|tag| has(&claims.aud, tag)) {
            return Err(Refusal::OtherApplication);
        }
        if now_s >= claims.exp || now_s.saturating_add(SKEW_S) < claims.nbf {
            return Err(Refusal::NotNow);
        }
        let name = [claims.email, claims.common_name];
        let name = name.into_iter().flatten().find(|name| !name.is_empty());
        Ok(Self {
            key_id: header.kid,
            signed: signed.as_bytes(),
            signature: signature.map_err(|_| Refusal::Malformed)?,
            person: Person {
                name: name.ok_or(Refusal::Nameless)?,
            },
        })
    }

    /// The person, once it is known whether the signature is the key's.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn verified(self, is_signature_right: bool) -> Result<Person, Refusal> {
        if is_signature_right {
            Ok(self.person)
        } else {
            Err(Refusal::WrongSignature)
        }
    }
}

fn has(audience: &Value, wanted: &str) -> bool {
    match audience {
        Value::Array(several) => several.iter().any(|one| one == wanted),
        one => one == wanted,
    }
}

fn json<T: DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Refusal::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)
}

/// A public key of the team's (RFC 7517), of kind RSA.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Key {
    /// Its id.
    pub kid: String,
    /// The modulus.
    pub n: String,
    /// The exponent.
    pub e: String,
}

/// The team's keys, kept for a while.
#[derive(Debug, Default)]
pub struct Keys {
    keys: Vec<Key>,
    fetched_at: Option<i64>,
}

/// What is known of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Here it is.
    Known(Key),
    /// The keys must be fetched first.
    Fetch,
    /// The team does not have it.
    Unknown,
}

impl Keys {
    /// Reads what is at [`Access::keys_url`]. `None` if that is not a list of keys.
    #[must_use]
    pub fn read(body: &[u8], now_ms: i64) -> Option<Self> {
        #[derive(Deserialize)]
        struct KeySet {
            keys: Vec<Key>,
        }
        let KeySet { keys } = serde_json::from_slice(body).ok()?;
        Some(Self {
            keys,
            fetched_at: Some(now_ms),
        })
    }

    /// Looks for a key.
    #[must_use]
    pub fn find(&self, key_id: &str, now_ms: i64) -> Lookup {
        let age = self.fetched_at.map(|at| now_ms.saturating_sub(at));
        let known = self.keys.iter().find(|key| key.kid == key_id);
        match (known, age) {
            (Some(key), Some(..KEYS_LAST_MS)) => Lookup::Known(key.clone()),
            (None, Some(..FETCH_AGAIN_MS)) => Lookup::Unknown,
            _ => Lookup::Fetch,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW_S: i64 = 1_700_000_000;

    fn access() -> Access {
        Access {
            issuer: "https://acme.cloudflareaccess.com".to_owned(),
            audiences: vec!["console-tag".to_owned(), "api-tag".to_owned()],
        }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://acme.cloudflareaccess.com", "aud": ["api-tag"], "exp": NOW_S + 60, "nbf": NOW_S - 60,
            "email": "ann@example.com", "type": "app", "sub": "7335d417",
        })
    }

    fn assertion(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2lnbmVk", part(header), part(claims))
    }

    fn read_claims(claims: &Value) -> Result<String, Refusal> {
        let text = assertion(&json!({"alg": "RS256", "kid": "k1"}), claims);
        let assertion = Assertion::read(&text, &access(), NOW_S)?;
        assert_eq!(
            (assertion.key_id.as_str(), assertion.signature.as_slice()),
            ("k1", &b"signed"[..])
        );
        assert_eq!(
            assertion.signed,
            text.rsplit_once('.').unwrap().0.as_bytes()
        );
        assertion.verified(true).map(|person| person.name)
    }

    #[test]
    fn a_person_has_an_address_and_a_program_a_client_id() {
        assert_eq!(read_claims(&claims()), Ok("ann@example.com".to_owned()));
        let mut program = claims();
        program["email"] = Value::Null;
        program["common_name"] = json!("e367.access");
        program["aud"] = json!("console-tag");
        assert_eq!(read_claims(&program), Ok("e367.access".to_owned()));
    }

    #[test]
    fn a_claim_that_is_wrong_is_named() {
        for (claim, value, refusal) in [
            (
                "iss",
                json!("https://evil.cloudflareaccess.com"),
                Refusal::OtherTeam,
            ),
            (
                "iss",
                json!("https://acme.cloudflareaccess.com/"),
                Refusal::OtherTeam,
            ),
            ("aud", json!(["another-tag"]), Refusal::OtherApplication),
            ("aud", json!([]), Refusal::OtherApplication),
            ("exp", json!(NOW_S), Refusal::NotNow),
            ("nbf", json!(NOW_S + 61), Refusal::NotNow),
            ("email", json!(""), Refusal::Nameless),
            ("aud", Value::Null, Refusal::OtherApplication),
            ("exp", json!("never"), Refusal::Malformed),
        ] {
            let mut claims = claims();
            claims[claim] = value;
            assert_eq!(read_claims(&claims), Err(refusal), "{claim}");
        }
        let mut edge = claims();
        edge["exp"] = json!(NOW_S + 1);
        edge["nbf"] = json!(NOW_S + 60);
        assert!(read_claims(&edge).is_ok());
    }

    #[test]
    fn what_is_no_token_and_another_algorithm_are_refused() {
        let none = assertion(&json!({"alg": "none", "kid": "k1"}), &claims());
        let symmetric = assertion(&json!({"alg": "HS256", "kid": "k1"}), &claims());
        for text in [
            "",
            "a",
            "a.b",
            "a.b.c",
            "..",
            &none,
            &symmetric,
            "e30.e30.e30",
        ] {
            let refusal = Assertion::read(text, &access(), NOW_S).map(|_| ());
            assert_eq!(refusal, Err(Refusal::Malformed), "{text}");
        }
    }

    #[test]
    fn nobody_is_known_before_the_signature_is() {
        let text = assertion(&json!({"alg": "RS256", "kid": "k1"}), &claims());
        let read = || Assertion::read(&text, &access(), NOW_S).unwrap();
        assert_eq!(read().verified(false), Err(Refusal::WrongSignature));
        assert!(read().verified(true).is_ok());
    }

    #[test]
    fn keys_are_fetched_when_they_are_old_or_a_new_one_may_be_there() {
        let body = br#"{"keys":[{"kid":"k1","kty":"RSA","alg":"RS256","use":"sig","e":"AQAB","n":"xyz"}],"public_cert":{}}"#;
        let none = Keys::default();
        assert_eq!(none.find("k1", 0), Lookup::Fetch);
        let keys = Keys::read(body, 1000).unwrap();
        let known = Key {
            kid: "k1".to_owned(),
            n: "xyz".to_owned(),
            e: "AQAB".to_owned(),
        };
        assert_eq!(
            keys.find("k1", 1000 + KEYS_LAST_MS - 1),
            Lookup::Known(known)
        );
        assert_eq!(keys.find("k1", 1000 + KEYS_LAST_MS), Lookup::Fetch);
        assert_eq!(keys.find("k2", 1000 + FETCH_AGAIN_MS - 1), Lookup::Unknown);
        assert_eq!(keys.find("k2", 1000 + FETCH_AGAIN_MS), Lookup::Fetch);
        assert!(Keys::read(b"<html>", 0).is_none());
    }

    #[test]
    fn the_keys_are_the_teams() {
        let url = "https://acme.cloudflareaccess.com/cdn-cgi/access/certs";
        assert_eq!(access().keys_url(), url);
    }
}
