//! Recovery as the rest of the Worker sees it.

use edge_core::config::Source;
use worker::{Env, Result, Stub};

use crate::http::request;

/// Makes a step now; the answer says what came of it.
pub(super) const RUN: &str = "/run";
/// Begins a run if the last one asked for no pause.
pub(super) const RUN_IF_DUE: &str = "/run-if-due";
/// Tells what came of the last step.
pub(super) const LAST: &str = "/last";

/// The recovery of one source.
#[derive(Debug)]
pub struct Recovery(Stub);

impl Recovery {
    /// The recovery of this source.
    ///
    /// # Errors
    ///
    /// The binding `RECOVERY` is missing.
    pub fn of(env: &Env, source: &Source) -> Result<Self> {
        let object = env.durable_object("RECOVERY")?;
        Ok(Self(object.get_by_name(source.name.as_str())?))
    }

    /// Makes a step now, and gives what came of it as JSON.
    ///
    /// # Errors
    ///
    /// It could not be reached.
    pub async fn run(&self) -> Result<String> {
        self.call(RUN).await
    }

    /// Begins a run, unless the last one failed a short time ago.
    ///
    /// # Errors
    ///
    /// It could not be reached.
    pub async fn run_if_due(&self) -> Result<()> {
        self.call(RUN_IF_DUE).await.map(|_| ())
    }

    /// What came of the last step, as JSON.
    ///
    /// # Errors
    ///
    /// It could not be reached.
    pub async fn last(&self) -> Result<String> {
        self.call(LAST).await
    }

    async fn call(&self, path: &str) -> Result<String> {
        let request = request::post(&format!("https://recovery{path}"), [], &[], None)?;
        let mut response = self.0.fetch_with_request(request).await?;
        match response.status_code() {
            200..=299 => response.text().await,
            status => Err(format!("the recovery answered {status}").into()),
        }
    }
}
