//! Recovery as the rest of the Worker sees it.

use edge_core::{
    config::Source,
    messages::{Operation, RecoveryRequest},
};
use worker::{Env, Result};

use crate::rpc::Object;

/// The recovery of one source.
pub struct Recovery(Object);

impl Recovery {
    /// The recovery of this source.
    ///
    /// # Errors
    ///
    /// The binding `RECOVERY` is missing.
    pub fn of(env: &Env, source: &Source) -> Result<Self> {
        let object = env.durable_object("RECOVERY")?;
        let stub = object.get_by_name(source.name.as_str())?;
        Ok(Self(Object::new(stub)))
    }

    /// Asks the recovery to perform an operation.
    ///
    /// # Errors
    ///
    /// The recovery could not be reached, or did not perform the operation.
    pub async fn ask<O>(&self, operation: O) -> Result<O::Reply>
    where
        O: Operation<Request = RecoveryRequest>,
    {
        self.0.ask(operation).await
    }
}
