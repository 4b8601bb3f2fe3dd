//! Wakes the dispatcher while it sleeps: something has arrived, or an attempt has ended.

use std::{cell::Cell, future::poll_fn, pin::Pin, task::Poll, time::Duration};

use futures_util::{
    future::{Either, select},
    task::AtomicWaker,
};
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

    /// Sleeps until a notification, or until a time; less long if the clock is set for an earlier one.
    pub(super) async fn sleep_until(&self, at: i64, now: i64, clock: &mut Clock) {
        let notified = poll_fn(|context| {
            self.sleeper.register(context.waker());
            if self.notified.get() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        if let Either::Right(_) = select(notified, clock.set(at, now)).await {
            clock.0 = None;
        }
    }
}

/// The timer of a loop that is mostly woken before its time. It is set anew only if it is overdue, or would go off too
/// late: setting one for each sleep was a fifth of the loop. Dropped, it does not go off.
///
/// A delay wakes the task that polled it first: the loop has to be one task.
#[derive(Default)]
pub(super) struct Clock(Option<Timer>);

struct Timer {
    at: i64,
    delay: Pin<Box<Delay>>,
}

impl Clock {
    fn set(&mut self, at: i64, now: i64) -> &mut Pin<Box<Delay>> {
        let timer = match self.0.take() {
            Some(timer) if now < timer.at && timer.at <= at => timer,
            _ => Timer {
                at,
                delay: Box::pin(Delay::from(Duration::from_millis(
                    (at - now).max(1).unsigned_abs(),
                ))),
            },
        };
        &mut self.0.insert(timer).delay
    }
}
