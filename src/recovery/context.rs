//! The parts of an open recovery.

use std::{cell::Cell, rc::Rc};

use edge_core::config::{Config, Setup, Source};
use worker::{Env, Result, State};

use super::store::Store;
use crate::platform::now_ms;

/// A step without progress for this long is dead: nothing that it waits for takes more than half a minute.
const DEAD_AFTER_MS: i64 = 120_000;

/// A recovery that is open: its tables exist, and its configuration is sound.
pub(super) struct RecoveryContext {
    pub(super) env: Env,
    pub(super) config: Rc<Config>,
    pub(super) source: Source,
    pub(super) store: Store,
    /// When the step under way last made progress.
    beat: Cell<Option<i64>>,
}

impl RecoveryContext {
    pub(super) fn open(state: &State, env: Env, setup: &Setup) -> Result<Self> {
        let name = state
            .id()
            .name()
            .ok_or("the recovery was called without a name")?;
        let (config, source) = setup.of_source(&name)?;
        Ok(Self {
            env,
            store: Store::open(state)?,
            config,
            source,
            beat: Cell::default(),
        })
    }

    /// `None` while another step is under way.
    pub(super) fn begin(&self) -> Option<UnderWay<'_>> {
        let now = now_ms();
        let alive = self.beat.get().is_some_and(|at| now - at < DEAD_AFTER_MS);
        if alive {
            return None;
        }
        let under_way = UnderWay(self);
        under_way.beat();
        Some(under_way)
    }
}

/// A step that is under way, until this is dropped.
pub(super) struct UnderWay<'c>(&'c RecoveryContext);

impl UnderWay<'_> {
    /// Records progress.
    pub(super) fn beat(&self) {
        self.0.beat.set(Some(now_ms()));
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.beat.set(None);
    }
}
