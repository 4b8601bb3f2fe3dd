//! The parts of an open inbox, shared by concurrent tasks in one object: it answers requests while it dispatches.

use std::rc::Rc;

use edge_core::{
    config::{Config, Setup, Source},
    mask::Mask,
    shard,
};
use worker::{Env, Result, State, Storage};

use super::{memory::Memory, store::Store};

/// An inbox that is open: its tables exist, and its configuration is sound.
pub(super) struct InboxContext {
    pub(super) env: Env,
    pub(super) storage: Storage,
    pub(super) config: Rc<Config>,
    /// Hides every configured secret.
    pub(super) mask: Mask,
    pub(super) source: Source,
    pub(super) store: Store,
    pub(super) memory: Memory,
}

impl InboxContext {
    pub(super) fn open(state: &State, env: Env, setup: &Setup) -> Result<Self> {
        let name = state
            .id()
            .name()
            .ok_or("the inbox was called without a name")?;
        let (config, source) = setup.of_source(shard::source_of(&name))?;
        let ordered = config.destinations.iter().filter(|one| one.ordered);
        let store = Store::open(state, ordered.map(|one| one.name.clone()).collect())?;
        let memory = Memory::new(&config, &store.health()?, store.replay()?.is_some());
        Ok(Self {
            env,
            storage: state.storage(),
            mask: Mask::new(config.secrets()),
            config,
            source,
            store,
            memory,
        })
    }
}
