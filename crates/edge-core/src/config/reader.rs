//! The state that the parts of the configuration share while they are read, and the tools of all of them.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    Environment, Finding,
    table::{Findings, Table},
};
use crate::{location::ParseUrl, secret::Secret, target};

/// The state that the parts of the configuration share while they are read.
pub(super) struct Reader<'e, E> {
    pub(super) env: &'e E,
    pub(super) findings: Findings,
    pub(super) local_only: Vec<Finding>,
    pub(super) secrets: Vec<Secret>,
    pub(super) allow_local: bool,
    pub(super) time_factor: u32,
}

impl<E: Environment> Reader<'_, E> {
    /// A wait, as much shorter as `TIME_FACTOR` says.
    pub(super) fn scaled(&self, ms: i64) -> i64 {
        (ms / i64::from(self.time_factor)).max(1)
    }

    /// The tables inside a JSON variable, by name.
    pub(super) fn items(&mut self, variable: &str) -> Result<Tables, Unreadable> {
        match self.env.table(variable) {
            None => Ok(Tables::new()),
            Some(Value::Object(items)) => Ok(items),
            Some(Value::String(text)) => {
                let why = serde_json::from_str::<IgnoredAny>(&text)
                    .map_or_else(|error| error.to_string(), |_| "a text".to_owned());
                self.mistake(variable, format!("is not valid JSON: {why}"));
                Err(Unreadable)
            }
            Some(_) => {
                self.mistake(
                    variable,
                    format!("must be a table of tables, such as [vars.{variable}.default]"),
                );
                Err(Unreadable)
            }
        }
    }

    pub(super) fn name<N: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        variable: &str,
        name: &str,
    ) -> Option<N> {
        name.parse()
            .map_err(|problem: N::Err| {
                self.mistake(format!("{variable}.{name}"), problem.to_string());
            })
            .ok()
    }

    pub(super) fn table(&mut self, path: String, value: Value) -> Table<'_> {
        Table::new(path, value, &mut self.findings)
    }

    pub(super) fn mistake(&mut self, item: impl Into<String>, problem: impl Into<String>) {
        self.findings.mistake(item, problem);
    }

    pub(super) fn warn(&mut self, item: impl Into<String>, problem: impl Into<String>) {
        self.findings.warn(item, problem);
    }
}

pub(super) type Tables = serde_json::Map<String, Value>;

/// Says that a variable cannot be read at all, which is reported.
pub(super) struct Unreadable;

/// Workers cannot call an IP address, though one on a laptop can.
pub(super) fn warn_of_address(
    table: &mut Table<'_>,
    variable: Option<&str>,
    key: &str,
    parse_url: ParseUrl,
    url: &str,
    allow_local: bool,
) {
    const PROBLEM: &str =
        "is an IP address, which Workers cannot call (error 1003): give the host a name";
    if allow_local || !target::names_ip_address(parse_url, url) {
        return;
    }
    match variable {
        Some(variable) => table.warn_item(variable, PROBLEM),
        None => table.warn(key, PROBLEM),
    }
}
