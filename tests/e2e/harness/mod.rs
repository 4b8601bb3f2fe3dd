//! What the tests stand on: a Worker, an origin, and how to wait for something.

pub(crate) mod database;
pub(crate) mod front;
pub(crate) mod operator;
pub(crate) mod origin;
pub(crate) mod raw;
pub(crate) mod schemas;
pub(crate) mod shared;
pub(crate) mod tenant;
pub(crate) mod worker;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;

use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

/// How long anything may take that should happen by itself: longer than the first retry, after 5 s and jitter.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Where servers run that several tests use: each test has a runtime of its own, which ends with it.
pub(crate) static BACKGROUND: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// A notification of the kind (`application.created`) about an object that no other test knows.
pub(crate) fn notification(kind: &str) -> Notification {
    Notification::of(kind.parse::<Kind>().unwrap()).id(fresh_id())
}

/// An object id that no other test uses.
pub(crate) fn fresh_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1_000_001);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
