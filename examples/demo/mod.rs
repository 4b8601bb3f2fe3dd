//! The built Worker on this machine, in the real runtime, without an account: `make demo` and the tests run it so.
//!
//! [`deployment`] derives a temporary configuration from the project's own `wrangler.toml`, [`wrangler`] or
//! [`workerd`] runs it, [`guarded`] cleans up however we end, [`kv`] reads what it stored.

pub(crate) mod deployment;
pub(crate) mod guarded;
pub(crate) mod kv;
pub(crate) mod workerd;
pub(crate) mod wrangler;

/// A port that was free a moment ago.
///
/// # Errors
/// When the machine has none.
pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}

/// 24 random bytes as a Standard Webhooks secret.
pub(crate) fn signing_secret() -> String {
    use base64::Engine;
    let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
        .take(24)
        .collect();
    format!(
        "whsec_{}",
        base64::engine::general_purpose::STANDARD.encode(bytes)
    )
}
