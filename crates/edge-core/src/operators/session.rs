//! The session of somebody who signed in with a token: a cookie that the token's secret signs, so that nothing is
//! stored, and that it is over when the token is.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac_sha256::HMAC;
use subtle::{Choice, ConstantTimeEq as _};

use crate::{
    config::{ConsoleToken, ConsoleTokens},
    location::Location,
};

/// How long a session lasts, in seconds.
const LASTS_S: i64 = 12 * 3600;

/// The cookie's name. By its beginning a browser knows that no other host and no plain http may set it (RFC 6265bis
/// §4.1.3.2), which on localhost nothing could.
fn cookie_name(url: &Location) -> &'static str {
    if url.scheme == "https" {
        "__Host-session"
    } else {
        "session"
    }
}

/// The header `Set-Cookie` that begins a session. `nonce` makes two sessions differ.
pub(super) fn begin(token: &ConsoleToken, url: &Location, nonce: &str, now_s: i64) -> String {
    let claim = format!("{}.{nonce}", now_s + LASTS_S);
    let mac = URL_SAFE_NO_PAD.encode(session_mac(token, &claim));
    set_cookie(url, &format!("{claim}.{mac}"), LASTS_S)
}

/// The header `Set-Cookie` that ends it.
#[must_use]
pub fn end(url: &Location) -> String {
    set_cookie(url, "", 0)
}

fn set_cookie(url: &Location, value: &str, max_age_s: i64) -> String {
    let name = cookie_name(url);
    let secure = if url.scheme == "https" {
        "; Secure"
    } else {
        ""
    };
    format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
}

/// `true` if a browser that shows a link from another site withholds the session at first, as `SameSite=Strict` demands:
/// once the address is called by a page of ours, it is there. `fetch_site` is the header `Sec-Fetch-Site`.
#[must_use]
pub fn is_withheld(method: &str, fetch_site: Option<&str>) -> bool {
    method == "GET" && fetch_site == Some("cross-site")
}

/// The session in a header `Cookie`.
pub(super) fn presented<'r>(cookies: &'r str, url: &Location) -> Option<&'r str> {
    cookies.split(';').find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == cookie_name(url)).then_some(value)
    })
}

/// The token that a session was begun with. Each is tried, always, so that the time tells nothing.
pub(super) fn admit<'t>(
    tokens: &'t ConsoleTokens,
    session: &str,
    url: &Location,
    now_s: i64,
) -> Option<&'t ConsoleToken> {
    let (claim, mac) = session.rsplit_once('.')?;
    let (ends_at, _) = claim.split_once('.')?;
    let left: i64 = ends_at.parse::<i64>().ok()?.checked_sub(now_s)?;
    if !(1..=LASTS_S).contains(&left) {
        return None;
    }
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    let mut admitted = None;
    for token in tokens.iter() {
        let counts = Choice::from(u8::from(url.is_localhost() || !token.secret.is_example()));
        if bool::from(session_mac(token, claim).ct_eq(&mac) & counts) {
            admitted = admitted.or(Some(token));
        }
    }
    admitted
}

/// What the forms that are shown in a session must send back.
pub(super) fn form_token(token: &ConsoleToken, session: &str) -> String {
    URL_SAFE_NO_PAD.encode(mac(token, "form", session))
}

fn session_mac(token: &ConsoleToken, claim: &str) -> [u8; 32] {
    mac(token, "session", claim)
}

/// `what` keeps signatures for one purpose from counting for another.
fn mac(token: &ConsoleToken, what: &str, text: &str) -> [u8; 32] {
    HMAC::mac(
        format!("threescale-edge {what}\n{text}"),
        token.secret.reveal(),
    )
}
