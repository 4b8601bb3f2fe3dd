//! `POST /api/v1/destinations/{name}/test`: an event of one of the 16 kinds that goes the way of all events, to one
//! destination alone.

use serde::Serialize;

use super::{
    json_body::{self, one_of, wrong},
    sample,
};
use crate::{
    config::Config,
    id::EventId,
    name::{DestinationName, SourceName},
    problem::Problem,
};

/// A test event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestEvent {
    /// The destination that gets it.
    pub destination: DestinationName,
    /// The source that it seems to come from.
    pub source: SourceName,
    /// Its document.
    pub document: String,
    /// Its kind, such as `application.created`.
    pub kind: String,
}

impl TestEvent {
    /// Parses a body: `{"kind":"application.created","source":"acme"}`. Without a source it comes from the first one
    /// that the destination is sent events of.
    ///
    /// # Errors
    ///
    /// There is no such kind, no such source, or the destination gets nothing of it.
    pub fn read(
        body: &[u8],
        destination: &DestinationName,
        config: &Config,
        now_ms: i64,
    ) -> Result<Self, Problem> {
        let members = json_body::of(body, &["kind", "source"])?;
        let kinds = sample::kinds();
        let wrong_kind = || wrong("kind", &one_of(kinds.iter().map(String::as_str)));
        let kind = json_body::text(&members, "kind")?.ok_or_else(wrong_kind)?;
        let document = sample::document(kind, now_ms).ok_or_else(wrong_kind)?;
        let named = config.destination(destination.as_str());
        let allowed = named.and_then(|destination| destination.sources.as_ref());
        let mut sources = config
            .sources
            .iter()
            .map(|source| &source.name)
            .filter(|name| allowed.is_none_or(|allowed| allowed.contains(name)));
        let source = match json_body::text(&members, "source")? {
            None => sources.next(),
            Some(name) => sources.clone().find(|source| source.as_str() == name),
        };
        let source = source.ok_or_else(|| {
            let sources = sources.map(SourceName::as_str);
            wrong("source", &one_of(sources))
        })?;
        Ok(Self {
            destination: destination.clone(),
            source: source.clone(),
            document,
            kind: kind.to_owned(),
        })
    }
}

/// A test event that was taken in.
#[derive(Debug, Serialize)]
pub struct SentTest {
    /// Its id: `GET /api/v1/events/{id}` shows what comes of it.
    pub id: EventId,
    /// Its source.
    pub source: SourceName,
    /// Its destination.
    pub destination: DestinationName,
    /// Its kind.
    pub kind: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    fn read(destination: &str, body: &str) -> Result<TestEvent, Problem> {
        let destination = destination.parse().unwrap();
        TestEvent::read(body.as_bytes(), &destination, &config(), 1_700_000_000_000)
    }

    #[test]
    fn a_test_comes_from_a_source_that_the_destination_is_sent_events_of() {
        let test = read("archive", r#"{"kind":"user.created"}"#).unwrap();
        assert_eq!(test.source.as_str(), "acme");
        assert!(test.document.contains("<type>user</type>"));
        let other = read("archive", r#"{"kind":"user.created","source":"other"}"#);
        assert_eq!(other.unwrap().source.as_str(), "other");
        // `crm` is sent accounts of `acme` only; a test of any kind can be sent there.
        assert!(read("crm", r#"{"kind":"user.created"}"#).is_ok());
        let refused = read("crm", r#"{"kind":"user.created","source":"other"}"#).unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("`source` must be one of: acme"),
            "{refused}"
        );
    }

    #[test]
    fn each_mistake_is_named() {
        for (body, name) in [
            ("", "kind"),
            (r#"{"kind":"user"}"#, "kind"),
            (r#"{"kind":5}"#, "kind"),
            (r#"{"kind":"user.created","source":"acne"}"#, "source"),
            (r#"{"kind":"user.created","to":"crm"}"#, "to"),
        ] {
            let problem = read("archive", body).unwrap_err().to_string();
            assert!(problem.starts_with(&format!("`{name}` ")), "{problem}");
        }
        let kinds = read("archive", "").unwrap_err().to_string();
        assert!(kinds.contains("application.key_created"), "{kinds}");
    }
}
