//! Wakes the dispatcher while it sleeps: something has arrived, or an attempt has ended.

use std::{cell::Cell, future::poll_fn, pin::pin, task::Poll, time::Duration};

use futures_util::{future::select, task::AtomicWaker};
use worker::Delay;

#[derive(Default)]
pub(super) struct Notify {
    notified: Cell<bool>,
    sleeper: AtomicWaker,
}

impl Notify {
    /// Wakes the dispatcher, or keeps its next sleep from beginning.
    pub(super) fn notify(&self) {
        self.notified.set(true);
        self.sleeper.wake();
    }

    /// Marks all notifications so far as handled.
    pub(super) fn clear(&self) {
        self.notified.set(false);
    }

    /// Sleeps until a notification, or for `ms` milliseconds.
    pub(super) async fn notified_within(&self, ms: i64) {
        let notified = poll_fn(|context| {
            self.sleeper.register(context.waker());
            if self.notified.get() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        let timer = Delay::from(Duration::from_millis(ms.max(1).unsigned_abs()));
        select(notified, pin!(timer)).await;
    }
}
