//! The query of a request: names and values, each once.

use super::json_body::wrong;
use crate::{config::Config, name::SourceName, problem::Problem, secret::decoded};

/// The value of each parameter of a query, decoded. The table of routes has said which there may be.
///
/// # Errors
///
/// One is given twice, or has no value.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut all: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        if all.iter().any(|(known, _)| *known == name) {
            return Err(wrong(&name, "must be given once"));
        }
        if value.is_empty() {
            return Err(wrong(&name, "must not be empty: leave it out"));
        }
        all.push((name, value));
    }
    Ok(all)
}

/// A source that is configured.
///
/// # Errors
///
/// It is not.
pub fn source(name: &str, config: &Config) -> Result<SourceName, Problem> {
    let known = config.sources.iter().map(|source| source.name.as_str());
    let source = config.source(name);
    source
        .map(|source| source.name.clone())
        .ok_or_else(|| wrong("source", &super::json_body::one_of(known)))
}

/// The source that a query names, where it can name nothing else.
///
/// # Errors
///
/// It is not configured.
pub fn only_source(query: &str, config: &Config) -> Result<Option<SourceName>, Problem> {
    let named = pairs(query)?.into_iter().next();
    named.map(|(_, name)| source(&name, config)).transpose()
}

/// A number within a range.
///
/// # Errors
///
/// It is none.
pub fn limit(value: &str, largest: usize) -> Result<usize, Problem> {
    let number = value.parse().ok();
    number
        .filter(|number| (1..=largest).contains(number))
        .ok_or_else(|| wrong("limit", &format!("must be a number from 1 to {largest}")))
}

/// The problem for a cursor that did not come from here.
#[must_use]
pub fn wrong_cursor() -> Problem {
    wrong("cursor", "must be from an earlier response")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_has_one_value() {
        let read = pairs("a=1%2B&&b=x+y").unwrap();
        let is = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read, [is("a", "1+"), is("b", "x y")]);
        for wrong in ["a=1&a=1", "a=", "a"] {
            let problem = pairs(wrong).unwrap_err().to_string();
            assert!(problem.starts_with("`a` "), "{problem}");
        }
        for wrong in ["0", "11", "-1", "x", "1.5"] {
            assert!(limit(wrong, 10).is_err(), "{wrong}");
        }
        assert_eq!(limit("10", 10), Ok(10));
    }
}
