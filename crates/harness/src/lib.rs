//! The built Worker on this machine, in the real runtime, without an account: for tests, measurements and the demo.
//!
//! | module | what it is |
//! |---|---|
//! | [`deployment`] | a temporary configuration, derived from the project's own `wrangler.toml`, and its state |
//! | [`wrangler`], [`workerd`] | run it: `wrangler dev` with all its simulations, or the runtime alone |
//! | [`process`] | a child that never outlives us, however we end |
//! | [`kv`], [`usage`] | the values that it stored, and the resources that it uses |
//! | [`machine`] | the machine and the versions that figures were measured with |
//! | [`languages`], [`example`] | programs in other languages, and those of `examples/` |
//! | [`fixtures`] | the fixtures of tests: Workers, origins, tenants |
//! | [`chaos`] | everything goes wrong at once, and every event is counted |

pub mod chaos;
pub mod deployment;
pub mod example;
pub mod fixtures;
pub mod kv;
pub mod languages;
pub mod machine;
pub mod process;
pub mod usage;
pub mod workerd;
pub mod wrangler;

use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

/// A port that was free a moment ago. The system gives none of these to outgoing connections, which else took some before
/// the server was there, and a process gets none twice in a long time.
///
/// # Errors
/// When the machine has none.
pub fn free_port() -> std::io::Result<u16> {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(fastrand::u16(..)));
    let ports = std::iter::repeat_with(|| 10_000 + NEXT.fetch_add(1, Relaxed) % 20_000);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = ports.take(1000).find(is_free);
    port.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::AddrInUse))
}

/// 24 random bytes as a Standard Webhooks secret.
pub fn signing_secret() -> String {
    use base64::Engine;
    let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
        .take(24)
        .collect();
    format!(
        "whsec_{}",
        base64::engine::general_purpose::STANDARD.encode(bytes)
    )
}
