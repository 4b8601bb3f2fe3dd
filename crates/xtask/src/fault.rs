//! One thing that a check found wrong.

use std::fmt;

/// A broken rule: where it is broken, how, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// Relative to the repository's root.
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// The result of a check: how much it looked at, and the faults that it found there.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// For people: how much was checked, so that a check that sees nothing is noticed.
    pub(crate) checked: String,
    pub(crate) faults: Vec<Fault>,
}
