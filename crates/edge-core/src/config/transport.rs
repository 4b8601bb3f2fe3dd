//! The kinds of destination: an origin service, a service binding, a KV namespace, a queue.

mod reading;

pub(super) use self::reading::{Context, known_settings, read, vpc};
use crate::secret::{Secret, Secrets};

/// How events get to a destination.
#[derive(Debug)]
pub enum Transport {
    /// To an origin service over HTTP.
    Http {
        /// Where: over the internet, or to another Worker.
        route: Route,
        /// The content and form of its requests.
        options: HttpOptions,
    },
    /// Into a KV namespace.
    Kv {
        /// The namespace's binding.
        binding: String,
        /// The kind of entry that is kept.
        keep: Keep,
        /// How long a value stays, in seconds; `None` for ever.
        ttl_seconds: Option<u64>,
    },
    /// Into a Cloudflare Queue.
    Queue {
        /// The queue's binding.
        binding: String,
    },
}

/// How an origin service is reached.
#[derive(Debug)]
pub enum Route {
    /// By its URL.
    Url {
        /// The URL.
        url: String,
        /// `true` if it may be plain http and private: in development, and through a VPC.
        allow_local: bool,
        /// The binding of Workers VPC that leads there, if it is in a private network.
        vpc: Option<String>,
    },
    /// Through a service binding, which needs no address and no network.
    Service {
        /// The binding.
        binding: String,
        /// The URL that the other Worker sees.
        url: String,
    },
}

/// The content and form of requests to an origin service.
#[derive(Debug)]
pub struct HttpOptions {
    /// The form of an event.
    pub format: Format,
    /// How long one attempt may take, in milliseconds.
    pub timeout_ms: u32,
    /// Headers that go along.
    pub headers: Vec<(String, String)>,
    /// The secrets that go along.
    pub secrets: DestinationSecrets,
}

/// The form in which an origin service gets an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A CloudEvent in structured mode: all of it is the body.
    CloudEvents,
    /// A CloudEvent in binary mode: its attributes are headers, its data the body.
    CloudEventsBinary,
    /// The notification as 3scale sent it.
    Xml,
    /// A line of text in the form of Slack's incoming webhooks.
    Slack,
}

/// The entries that a KV namespace keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Each event.
    Events,
    /// The latest state of each object.
    Objects,
}

/// A destination's secrets.
#[derive(Debug, Clone, Default)]
pub struct DestinationSecrets {
    /// The keys that all sign, the current one first.
    pub signing: Secrets,
    /// The `Authorization` header.
    pub authorization: Option<Secret>,
    /// The URL, where whoever knows it may call it.
    pub url: Option<Secret>,
}

impl Transport {
    pub(super) fn keeps_objects(&self) -> bool {
        matches!(
            self,
            Self::Kv {
                keep: Keep::Objects,
                ..
            }
        )
    }

    /// `true` if its calls go through a binding, which are limited in an invocation.
    pub(super) fn is_bound(&self) -> bool {
        matches!(
            self,
            Self::Http {
                route: Route::Service { .. } | Route::Url { vpc: Some(_), .. },
                ..
            }
        )
    }

    /// Why several events cannot go there together. `None`: they can.
    pub(super) fn refuses_batches(&self) -> Option<&'static str> {
        match self {
            Self::Http { options, .. } => (options.format != Format::CloudEvents).then_some(
                "needs format = \"cloudevents\": in the other formats a request holds one event",
            ),
            Self::Kv { keep, .. } => (*keep == Keep::Objects).then_some(
                "cannot be used with keep = \"objects\", which has a key for each object",
            ),
            Self::Queue { .. } => Some(
                "cannot be used with queue, whose consumer says how many messages it takes at once",
            ),
        }
    }

    /// `true` if it can take an alert, which has no XML and is about no object.
    pub(super) fn takes_alerts(&self) -> bool {
        match self {
            Self::Http { options, .. } => options.format != Format::Xml,
            Self::Kv { keep, .. } => *keep == Keep::Events,
            Self::Queue { .. } => true,
        }
    }

    /// `true` if its requests are signed. Those through a binding are not: it leads to nobody but us.
    pub(super) fn is_signed(&self) -> bool {
        matches!(
            self,
            Self::Http {
                route: Route::Url { .. },
                ..
            }
        )
    }
}
