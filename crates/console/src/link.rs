//! Queries: of links, and of the address that a page was called with.

use std::fmt::Write as _;

use edge_core::secret::decoded;

/// A value inside a URL: its path's segment, or its query.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing into a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The address where one signs in to go on to this page.
#[must_use]
pub fn to_sign_in(path: &str, query: &str) -> String {
    let to = match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    format!("/console/sign-in?to={}", encoded(inside(&to)))
}

/// The address, if it is a page of the console, and else that of its first page: nobody can make the console lead
/// anywhere else.
#[must_use]
pub fn inside(to: &str) -> &str {
    let is_inside = to.starts_with("/console/") && to.bytes().all(|byte| byte.is_ascii_graphic());
    if is_inside { to } else { "/console/events" }
}

/// The parameters of a query, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses one. A form sends its empty fields too: they are left out.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let (name, value) = (decoded(name), decoded(value));
            let value = value.trim().to_owned();
            (!value.is_empty()).then_some((name, value))
        });
        Self(pairs.collect())
    }

    /// The first value of this name; empty if there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let mut pairs = self.0.iter();
        let found = pairs.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Every value of this name.
    pub fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        let pairs = self.0.iter().filter(move |(known, _)| known == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// The pairs.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same without these.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let pairs = self
            .0
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()));
        Self(pairs.cloned().collect())
    }

    /// The same with this value.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        self.without(&[name]).and(name, value)
    }

    /// The same with one more value of this name.
    #[must_use]
    pub fn and(&self, name: &str, value: &str) -> Self {
        let mut query = self.clone();
        query.0.push((name.to_owned(), value.to_owned()));
        query
    }

    /// `true` if nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it stands in a URL, without its `?`.
    #[must_use]
    pub fn text(&self) -> String {
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        pairs.join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_the_page_that_was_asked_for_and_nowhere_else() {
        let to = to_sign_in("/console/events", "state=dead");
        assert_eq!(to, "/console/sign-in?to=%2Fconsole%2Fevents%3Fstate%3Ddead");
        assert_eq!(
            inside("/console/events?state=dead"),
            "/console/events?state=dead"
        );
        for elsewhere in [
            "",
            "/",
            "//evil.example",
            "https://evil.example",
            "/console",
            "/console/\r\nx: y",
        ] {
            assert_eq!(inside(elsewhere), "/console/events", "{elsewhere}");
        }
    }

    #[test]
    fn a_query_is_read_without_what_is_empty_and_written_again() {
        let query = Query::read("q=a+b%26&type=&state=dead&id=1&id=2");
        assert_eq!((query.get("q"), query.get("type")), ("a b&", ""));
        assert_eq!(query.all("id").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.without(&["id"]).text(), "q=a%20b%26&state=dead");
        assert_eq!(Query::default().with("q", "é").text(), "q=%C3%A9");
    }
}
