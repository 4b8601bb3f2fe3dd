//! The page for a problem.

use std::borrow::Cow;

use askama::Template;
use edge_core::problem::Problem;

use crate::frame::Frame;

/// The page for a problem.
#[derive(Debug, Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// What is around it.
    pub frame: Frame,
    /// The status.
    pub status: u16,
    /// HTTP's phrase.
    pub phrase: Cow<'static, str>,
    /// What it is, and what to do.
    pub detail: String,
    /// The stable code.
    pub code: Cow<'static, str>,
}

impl ProblemPage {
    /// The page for this problem.
    #[must_use]
    pub fn of(problem: &Problem, frame: Frame) -> Self {
        let document = problem.document();
        Self {
            frame,
            status: document.status,
            phrase: document.title,
            detail: document.detail,
            code: document.code,
        }
    }
}
