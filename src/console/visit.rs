//! A request of an operator who is admitted.

use console::{
    frame::{Frame, Tab},
    link::Query,
};
use edge_core::{
    api::{Call, event_query::Reading},
    config::{Config, Setup},
    operators::Operator,
    problem::Problem,
};
use worker::Env;

use crate::api::Caller;

/// A request of an operator.
pub(super) struct Visit<'s> {
    pub(super) env: &'s Env,
    pub(super) config: &'s Config,
    pub(super) setup: &'s Setup,
    pub(super) operator: Operator,
    /// The parameters of the address.
    pub(super) query: Query,
    /// The whole address.
    pub(super) url: String,
    pub(super) theme: &'static str,
    pub(super) now_ms: i64,
}

impl Visit<'_> {
    /// The frame around a page.
    pub(super) fn frame(&self, title: &str, tab: Tab) -> Frame {
        Frame {
            title: title.to_owned(),
            tab,
            operator: self.operator.name().map(str::to_owned),
            may_write: self.operator.may_write,
            form_token: self.operator.form_token.clone().unwrap_or_default(),
            theme: self.theme,
            version: env!("CARGO_PKG_VERSION"),
            done: Frame::done_of(&self.query),
            now_ms: self.now_ms,
        }
    }

    /// The call of the API behind a page: what it would be asked with this path and query.
    pub(super) fn read(&self, path: &[&str], query: &Query) -> Result<Call, Problem> {
        Call::read("GET", path, &query.text(), b"", self.reading())
    }

    pub(super) fn reading(&self) -> Reading<'_> {
        Reading {
            config: self.config,
            now_ms: self.now_ms,
        }
    }

    /// The caller that the record of an action names.
    pub(super) fn caller(&self) -> Caller<'_> {
        Caller {
            config: self.config,
            operator: &self.operator,
        }
    }
}

/// A path that the table of routes knows has led to another call: a mistake of ours.
pub(super) fn unexpected() -> Problem {
    Problem::NotFound
}
