//! Forwards events to a service on this machine, as a destination would get them.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, anyhow};
use edge_core::{
    config::{DestinationSecrets, Format, HttpOptions},
    destination::http::Message,
    messages::feed::FeedItem,
    secret::Secrets,
};
use ureq::Agent;
use url::Url;

use crate::show::Show;

/// The pauses between attempts; the last one repeats.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];

/// The local service.
pub(crate) struct Forward {
    url: Url,
    agent: Agent,
    options: HttpOptions,
    attempts: u32,
}

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The service answered 2xx.
    Taken { status: u16, ms: u128, attempt: u32 },
    /// It answered something else, or not in time, as often as it may.
    GivenUp { why: String, attempt: u32 },
}

enum Attempt {
    Answered(u16),
    /// Nothing was sent: nobody listens there.
    Unreached(String),
    Broken(String),
}

impl Forward {
    pub(crate) fn new(
        to: &str,
        secret: &str,
        attempts: u32,
        timeout: Duration,
    ) -> anyhow::Result<Self> {
        let url = Url::parse(to).with_context(|| format!("{to} is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(anyhow!(
                "{to}: forwarding needs a URL that begins with http: or https:"
            ));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(timeout))
            // The service is on this machine.
            .proxy(None)
            .build();
        Ok(Self {
            url,
            agent: config.into(),
            attempts,
            options: HttpOptions {
                format: Format::CloudEvents,
                timeout_ms: 0,
                headers: Vec::new(),
                secrets: DestinationSecrets {
                    signing: Secrets::from_text(secret),
                    authorization: None,
                    url: None,
                },
            },
        })
    }

    /// Forwards an event until it is taken or given up. While nothing listens at the address it waits: a developer's
    /// service is restarted all the time.
    pub(crate) fn forward(&self, item: &FeedItem, show: Show) -> anyhow::Result<Outcome> {
        let mut attempt = 0;
        let mut is_waiting = false;
        loop {
            let began = Instant::now();
            match self.attempt(item, attempt + 1)? {
                Attempt::Answered(status @ 200..=299) => {
                    return Ok(Outcome::Taken {
                        status,
                        ms: began.elapsed().as_millis(),
                        attempt: attempt + 1,
                    });
                }
                Attempt::Unreached(why) => {
                    if !is_waiting {
                        show.waiting(self.url.as_str(), &why);
                        is_waiting = true;
                    }
                    thread::sleep(Duration::from_secs(1));
                    continue;
                }
                Attempt::Answered(status) => {
                    attempt += 1;
                    let why = format!("answered {status}");
                    if attempt >= self.attempts {
                        return Ok(Outcome::GivenUp { why, attempt });
                    }
                    show.again(&why, attempt, self.attempts);
                }
                Attempt::Broken(why) => {
                    attempt += 1;
                    if attempt >= self.attempts {
                        return Ok(Outcome::GivenUp { why, attempt });
                    }
                    show.again(&why, attempt, self.attempts);
                }
            }
            let index = usize::try_from(attempt)
                .unwrap_or(usize::MAX)
                .saturating_sub(1);
            let pause = PAUSES.get(index).or(PAUSES.last());
            thread::sleep(pause.copied().unwrap_or_default());
        }
    }

    fn attempt(&self, item: &FeedItem, attempt: u32) -> anyhow::Result<Attempt> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let now_ms = i64::try_from(now)?;
        let id = item.summary.id.to_string();
        let json = item.event.get().as_bytes().to_vec();
        let message = Message::of_json(&id, json, &self.options, attempt, now_ms);
        let message =
            message.map_err(|failure| anyhow!("the event cannot be sent: {failure:?}"))?;
        let mut request = self.agent.post(self.url.as_str());
        for (name, value) in &message.headers {
            request = request.header(name, value);
        }
        Ok(match request.send(message.body.as_slice()) {
            Ok(answer) => Attempt::Answered(answer.status().as_u16()),
            Err(ureq::Error::Io(error))
                if error.kind() == std::io::ErrorKind::ConnectionRefused =>
            {
                Attempt::Unreached(error.to_string())
            }
            Err(error @ (ureq::Error::HostNotFound | ureq::Error::ConnectionFailed)) => {
                Attempt::Unreached(error.to_string())
            }
            Err(error) => Attempt::Broken(error.to_string()),
        })
    }
}
