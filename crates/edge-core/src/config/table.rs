//! Reads a JSON table so that every mistake in it is found, and each is named.
//!
//! By hand, and not by serde's derive: a derived reader ends at the first mistake, names no item without a further
//! library, and has no word for what is only to be warned of. Operators would deploy five times to find five mistakes.

use serde_json::{Map, Value};

use super::nearest::{did_you_mean, nearest};

/// Something to tell the operator: which item, and what is wrong with it and what to do.
/// It never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The variable or secret, as it is written: `DESTINATIONS.crm.url`.
    pub item: String,
    /// The problem, and what would be right.
    pub problem: String,
}

impl Finding {
    pub(crate) fn new(item: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            item: item.into(),
            problem: problem.into(),
        }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) mistakes: Vec<Finding>,
    pub(crate) warnings: Vec<Finding>,
}

impl Findings {
    pub(crate) fn mistake(&mut self, item: impl Into<String>, problem: impl Into<String>) {
        self.mistakes.push(Finding::new(item, problem));
    }

    pub(crate) fn warn(&mut self, item: impl Into<String>, problem: impl Into<String>) {
        self.warnings.push(Finding::new(item, problem));
    }
}

/// One table of the configuration. Each member is taken out once; `finish` reports those left over.
pub(crate) struct Table<'m> {
    path: String,
    members: Map<String, Value>,
    findings: &'m mut Findings,
}

impl<'m> Table<'m> {
    /// A value that is no table becomes a finding, and is then read like an empty one.
    pub(crate) fn new(path: impl Into<String>, value: Value, findings: &'m mut Findings) -> Self {
        let path = path.into();
        let members = if let Value::Object(members) = value {
            members
        } else {
            findings.mistake(&path, format!("must be a table, not {}", kind_of(&value)));
            Map::new()
        };
        Self {
            path,
            members,
            findings,
        }
    }

    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        match self.members.remove(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            other => self.wrong(key, "a text that is not empty", &other),
        }
    }

    pub(crate) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.members.remove(key)?;
        let texts = value.as_array().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        match texts {
            Some(texts) if !texts.is_empty() => Some(texts),
            _ => self.wrong(key, "a list of texts, at least one", &value),
        }
    }

    /// Takes the member out if it is a list of nothing.
    pub(crate) fn is_empty_list(&mut self, key: &str) -> bool {
        let is_empty = self
            .members
            .get(key)
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty);
        if is_empty {
            self.members.remove(key);
        }
        is_empty
    }

    pub(crate) fn boolean(&mut self, key: &str) -> Option<bool> {
        match self.members.remove(key)? {
            Value::Bool(value) => Some(value),
            other => self.wrong(key, "true or false", &other),
        }
    }

    pub(crate) fn integers(&mut self, key: &str, least: u64, most: u64) -> Option<Vec<u64>> {
        let value = self.members.remove(key)?;
        let numbers = value
            .as_array()
            .and_then(|items| items.iter().map(integer).collect::<Option<Vec<_>>>());
        match numbers {
            Some(all)
                if !all.is_empty() && all.iter().all(|number| (least..=most).contains(number)) =>
            {
                Some(all)
            }
            _ => self.wrong(
                key,
                &format!("a list of whole numbers from {least} to {most}"),
                &value,
            ),
        }
    }

    /// A table of texts.
    pub(crate) fn pairs(&mut self, key: &str) -> Option<Vec<(String, String)>> {
        let value = self.members.remove(key)?;
        let text =
            |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        let pairs = value
            .as_object()
            .and_then(|members| members.iter().map(text).collect());
        pairs.or_else(|| self.wrong(key, "a table of texts", &value))
    }

    pub(crate) fn integer(&mut self, key: &str, least: u64, most: u64) -> Option<u64> {
        let value = self.members.remove(key)?;
        match integer(&value) {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => self.wrong(
                key,
                &format!("a whole number from {least} to {most}"),
                &value,
            ),
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.members.contains_key(key)
    }

    /// One of these choices, the first of which is the default.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let chosen = choices.iter().find(|(name, _)| *name == text);
        if chosen.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let near = did_you_mean(&text, names.iter().copied());
            self.report(key, format!("must be one of {}{near}", names.join(", ")));
        }
        chosen.map(|(_, choice)| *choice)
    }

    /// A member that is not among the known ones, but as good as this one.
    pub(crate) fn has_misspelt(&self, wanted: &[&str], known: &[&str]) -> bool {
        self.members.keys().any(|key| {
            let known = known.iter().copied();
            nearest(key, known).is_some_and(|near| wanted.contains(&near))
        })
    }

    /// A mistake. Without a key, it is in the table as a whole.
    pub(crate) fn report(&mut self, key: &str, problem: impl Into<String>) {
        self.findings.mistake(self.item(key), problem);
    }

    /// A mistake in another variable that says something for this table.
    pub(crate) fn report_item(&mut self, item: &str, problem: impl Into<String>) {
        self.findings.mistake(item, problem);
    }

    pub(crate) fn warn(&mut self, key: &str, problem: impl Into<String>) {
        self.findings.warn(self.item(key), problem);
    }

    pub(crate) fn warn_item(&mut self, item: &str, problem: impl Into<String>) {
        self.findings.warn(item, problem);
    }

    fn item(&self, key: &str) -> String {
        if key.is_empty() {
            self.path.clone()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Members that nobody asked for are mistakes: most are misspelt, and would do nothing.
    pub(crate) fn finish(mut self, known: &[&str]) {
        for (key, _) in std::mem::take(&mut self.members) {
            if !known.contains(&key.as_str()) {
                let near = did_you_mean(&key, known.iter().copied());
                let known = known.join(", ");
                self.report(&key, format!("is not known here{near}; known are: {known}"));
            }
        }
    }

    fn wrong<T>(&mut self, key: &str, expected: &str, found: &Value) -> Option<T> {
        self.report(key, format!("must be {expected}, not {}", kind_of(found)));
        None
    }
}

/// A number reaches us through JavaScript: 30 may come as 30.0.
fn integer(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().and_then(whole))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and within what f64 holds exactly"
)]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&number))
        .then_some(number as u64)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "this number",
        Value::String(text) if text.trim().is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(items) if items.is_empty() => "an empty list",
        Value::Array(_) => "this list",
        Value::Object(_) => "a table",
    }
}
