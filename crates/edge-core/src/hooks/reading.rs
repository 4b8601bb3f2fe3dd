//! The body of an admitted call, until it is known what is in it.

use threescale::{Limits, Notification, form};

use super::{admission::Caller, media_type::MediaType};
use crate::{
    body::Body,
    messages::{
        document::Document,
        intake::{Intake, Push, Quarantine, Unparsable},
    },
    name::SourceName,
    problem::Problem,
    shard,
};

/// A body that is being read.
#[derive(Debug)]
pub struct Reading {
    source: SourceName,
    shards: u32,
    old_secret: bool,
    media_type: MediaType,
    body: Body,
    limits: Limits,
    base: String,
}

/// What came of a body.
#[derive(Debug)]
pub enum Parsed {
    /// A notification.
    Event {
        /// The name of the inbox that it is for.
        inbox: String,
        /// What the inbox needs to know of it.
        push: Push,
        /// The document, unless it is the body as it came in one piece.
        document: Option<Vec<u8>>,
        /// The size of the body.
        bytes: usize,
    },
    /// No notification: a copy goes into the quarantine.
    Unreadable {
        /// The name of the inbox that has the source's quarantine.
        inbox: String,
        /// Why it is none.
        error: threescale::Error,
        /// The copy.
        quarantine: Quarantine,
    },
}

/// The headers that say what a body is.
#[derive(Debug, Default, Clone)]
pub struct BodyHeaders {
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Content-Encoding`
    pub content_encoding: Option<String>,
    /// `Content-Length`
    pub content_length: Option<String>,
}

impl Reading {
    /// Begins to read the body of a call. `base` is this Worker's origin, as it is written into events.
    ///
    /// # Errors
    ///
    /// No body of this kind is taken, or none of this length.
    pub fn begin(
        caller: &Caller<'_>,
        headers: &BodyHeaders,
        base: String,
    ) -> Result<Self, Problem> {
        let media_type = MediaType::of_request(
            headers.content_type.as_deref(),
            headers.content_encoding.as_deref(),
        )?;
        let length = headers.content_length.as_deref();
        let announced = length.and_then(|length| length.parse().ok());
        let limit = caller.config.max_body_bytes;
        Ok(Self {
            source: caller.source.name.clone(),
            shards: caller.source.shards,
            old_secret: caller.old_secret,
            media_type,
            body: Body::announced(announced, limit)?,
            limits: Limits {
                bytes: limit,
                ..Limits::default()
            },
            base,
        })
    }

    /// `true` if its length is announced, and within the limit.
    #[must_use]
    pub const fn is_announced(&self) -> bool {
        self.body.is_announced()
    }

    /// Adds a chunk.
    ///
    /// # Errors
    ///
    /// The body is longer than the limit.
    pub fn push(&mut self, chunk: Vec<u8>) -> Result<(), Problem> {
        self.body.push(chunk)
    }

    /// Parses what was read.
    ///
    /// # Errors
    ///
    /// The body is shorter than announced.
    pub fn end(self) -> Result<Parsed, Problem> {
        let is_whole = self.body.is_announced();
        let body = self.body.end()?;
        let document = match self.media_type {
            MediaType::Xml => Ok(None),
            MediaType::Form => form::notification_xml(&body).map(Some),
        };
        let parsed = document.and_then(|document| {
            let xml = document.as_deref().unwrap_or(&body);
            let notification = Notification::parse_with(xml, &self.limits)?;
            let intake = Intake::of(&notification, &self.source, self.base);
            Ok((intake, document))
        });
        Ok(match parsed {
            Ok((intake, document)) => {
                let shard = shard::of_account(intake.account.as_deref(), self.shards);
                Parsed::Event {
                    inbox: shard::name(&self.source, shard),
                    push: Push {
                        intake,
                        old_secret: self.old_secret,
                    },
                    bytes: body.len(),
                    // What came in chunks, nobody else has in one piece.
                    document: document.or_else(|| (!is_whole).then_some(body)),
                }
            }
            Err(error) => Parsed::Unreadable {
                inbox: shard::name(&self.source, 0),
                quarantine: Quarantine {
                    unparsable: Unparsable::of(&error, self.media_type.name(), &body),
                    body: Document(body),
                },
                error,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Source};

    const EVENT: &str = "<event><type>user</type><action>deleted</action><object><user><id>7</id>\
        <account_id>3</account_id></user></object></event>";

    fn reading(shards: u32, content_type: &str, length: Option<usize>) -> Result<Reading, Problem> {
        let config = Config {
            max_body_bytes: 1000,
            ..Config::default()
        };
        let mut source = Source::named("acme");
        source.shards = shards;
        let caller = Caller {
            config: &config,
            source: &source,
            old_secret: true,
        };
        let headers = BodyHeaders {
            content_type: Some(content_type.to_owned()),
            content_length: length.map(|length| length.to_string()),
            ..BodyHeaders::default()
        };
        Reading::begin(&caller, &headers, "https://edge.example.com".to_owned())
    }

    fn parsed(shards: u32, content_type: &str, body: &str) -> Parsed {
        let mut reading = reading(shards, content_type, Some(body.len())).unwrap();
        assert!(reading.is_announced());
        for chunk in body.as_bytes().chunks(7) {
            reading.push(chunk.to_vec()).unwrap();
        }
        reading.end().unwrap()
    }

    #[test]
    fn a_notification_goes_to_the_inbox_of_its_account() {
        let Parsed::Event {
            inbox,
            push,
            document,
            bytes,
        } = parsed(16, "application/xml", EVENT)
        else {
            panic!("it is a notification");
        };
        let shard = shard::of_account(Some("3"), 16);
        assert_ne!(shard, 0);
        assert_eq!(inbox, format!("acme.{shard}"));
        assert!(push.old_secret);
        assert_eq!(push.intake.object.as_deref(), Some("7"));
        assert_eq!(push.intake.base, "https://edge.example.com");
        assert_eq!((document, bytes), (None, EVENT.len()));
    }

    #[test]
    fn the_document_of_a_form_is_its_field() {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let form = form.append_pair("params[xml]", EVENT).finish();
        let parsed = parsed(1, "application/x-www-form-urlencoded", &form);
        let Parsed::Event {
            inbox, document, ..
        } = parsed
        else {
            panic!("it is a notification");
        };
        assert_eq!(inbox, "acme");
        assert_eq!(document.as_deref(), Some(EVENT.as_bytes()));
    }

    #[test]
    fn of_a_body_of_unknown_length_the_chunks_are_the_document() {
        let mut reading = reading(1, "application/xml", None).unwrap();
        for chunk in EVENT.as_bytes().chunks(7) {
            reading.push(chunk.to_vec()).unwrap();
        }
        let Ok(Parsed::Event {
            document, bytes, ..
        }) = reading.end()
        else {
            panic!("it is a notification");
        };
        assert_eq!(document.as_deref(), Some(EVENT.as_bytes()));
        assert_eq!(bytes, EVENT.len());
    }

    #[test]
    fn what_is_no_notification_goes_to_the_first_inbox_as_it_came() {
        let Parsed::Unreadable {
            inbox,
            error,
            quarantine,
        } = parsed(16, "text/xml", "<event>")
        else {
            panic!("it is none");
        };
        assert_eq!(inbox, "acme");
        assert_eq!(error.code(), quarantine.unparsable.code);
        assert_eq!(quarantine.unparsable.media_type, "application/xml");
        assert_eq!(quarantine.body.0, b"<event>");
    }

    #[test]
    fn a_body_of_another_kind_or_length_is_refused() {
        let refused = |content_type, length| reading(1, content_type, length).map(|_| ());
        let too_large = Problem::PayloadTooLarge { limit: 1000 };
        assert_eq!(refused("text/xml", Some(1000)), Ok(()));
        assert_eq!(refused("text/xml", Some(1001)), Err(too_large.clone()));
        assert_eq!(
            refused("text/plain", None),
            Err(Problem::UnsupportedMediaType)
        );

        let mut streamed = reading(1, "text/xml", None).unwrap();
        assert!(!streamed.is_announced());
        assert_eq!(streamed.push(vec![b' '; 1001]), Err(too_large));
        let mut short = reading(1, "text/xml", Some(10)).unwrap();
        short.push(b"<event>".to_vec()).unwrap();
        assert_eq!(short.end().map(|_| ()), Err(Problem::IncompleteBody));
    }
}
