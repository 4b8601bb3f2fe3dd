//! Wakes the dispatcher while it sleeps: something has arrived, or an attempt has ended.

use std::{cell::Cell, future::poll_fn, pin::pin, task::Poll, time::Duration};

use futures_util::{future::select, task::AtomicWaker};
use worker::Delay;

#[derive(Default)]
pub(super) struct Bell {
    rung: Cell<bool>,
    sleeper: AtomicWaker,
}

impl Bell {
    pub(super) fn ring(&self) {
        self.rung.set(true);
        self.sleeper.wake();
    }

    /// What rang until now is heard.
    pub(super) fn still(&self) {
        self.rung.set(false);
    }

    /// Ends when it rings, or after `ms` milliseconds.
    pub(super) async fn rung_within(&self, ms: i64) {
        let rung = poll_fn(|context| {
            self.sleeper.register(context.waker());
            if self.rung.get() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        let timer = Delay::from(Duration::from_millis(ms.max(1).unsigned_abs()));
        select(rung, pin!(timer)).await;
    }
}
