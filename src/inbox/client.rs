//! The inbox as the rest of the Worker sees it.

use edge_core::{
    config::Source,
    messages::{InboxRequest, Operation},
    shard,
};
use worker::{Env, Result};

use crate::rpc::Object;

/// One inbox of a source.
pub struct Inbox(Object);

impl Inbox {
    /// The source's first inbox, which stores events that belong to no account.
    ///
    /// # Errors
    ///
    /// The binding `INBOX` is missing.
    pub fn first(env: &Env, source: &Source) -> Result<Self> {
        Self::of_shard(env, source, 0)
    }

    /// Every inbox of the source.
    ///
    /// # Errors
    ///
    /// The binding `INBOX` is missing.
    pub fn all(env: &Env, source: &Source) -> Result<Vec<Self>> {
        (0..source.shards)
            .map(|shard| Self::of_shard(env, source, shard))
            .collect()
    }

    /// The inbox of this number.
    ///
    /// # Errors
    ///
    /// The binding `INBOX` is missing.
    pub fn of_shard(env: &Env, source: &Source, shard: u32) -> Result<Self> {
        let name = shard::name(&source.name, shard);
        let stub = env.durable_object("INBOX")?.get_by_name(&name)?;
        Ok(Self(Object::new(stub)))
    }

    /// Asks the inbox to perform an operation. A reply means that all its changes are committed.
    ///
    /// # Errors
    ///
    /// The inbox could not be reached, or did not perform the operation.
    pub async fn ask<O: Operation<Request = InboxRequest>>(
        &self,
        operation: O,
    ) -> Result<O::Reply> {
        self.0.ask(operation).await
    }

    /// The same of an operation that is encoded already, for whoever asks several inboxes.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn ask_encoded(&self, operation: &[u8]) -> Result<Vec<u8>> {
        self.0.ask_encoded(operation).await
    }
}
