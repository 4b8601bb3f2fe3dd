//! A Worker under attack, with an origin that gets everything, and what has to be true of it afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use harness::fixtures::answer::encode;
use harness::fixtures::notification;
use harness::fixtures::origin::{Origin, Request};
use harness::fixtures::worker::{Setup, Worker};

use crate::client::Answer;
use crate::tally::{Tally, Verdict};

/// The secret of the source `acme`, and one that is being rotated out.
pub(crate) const SECRET: &str = "h00k/secret+of=acme-4711";
pub(crate) const OLD_SECRET: &str = "0ld-secret-of-acme-before-0815";
/// The secret of the source `zeta`, in the parameter `key`.
pub(crate) const OTHER_SECRET: &str = "h00k-secret-of-zeta-1234567";
/// Of the operators' API.
pub(crate) const TOKEN: &str = "an-operators-token-under-attack";
/// Of the good origin.
pub(crate) const SIGNING: &str = "whsec_dGhlIGtleSBvZiBhIGdvb2Qgb3JpZ2luIHVuZGVyIGF0dGFjaw==";
/// The path at the good origin.
pub(crate) const GOOD: &str = "/good";

/// How long a delivery may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Arena {
    pub(crate) worker: Worker,
    pub(crate) good: Origin,
    secrets: Vec<String>,
    delivers: bool,
}

impl Arena {
    /// Starts one: two sources, a good destination, and what `more` adds. `local` lifts the rule about targets, without
    /// which nothing on this machine is called.
    pub(crate) async fn start(local: bool, more: impl FnOnce(Setup) -> Setup) -> Self {
        Self::start_beside(local, |setup, _| more(setup)).await
    }

    /// The same, where what is added needs the URL of the good origin.
    pub(crate) async fn start_beside(local: bool, more: impl FnOnce(Setup, &str) -> Setup) -> Self {
        let good = Origin::start();
        let mut setup = Setup::bare()
            .source("acme", &format!("{SECRET} {OLD_SECRET}"), "")
            .source("zeta", OTHER_SECRET, "secret_param = \"key\"")
            .secret("CONSOLE_TOKEN", TOKEN);
        if local {
            setup = setup
                .origin_of("good", &good.url(GOOD), SIGNING, "")
                .secret("ALLOW_LOCAL_TARGETS", "true");
        }
        let secrets = [
            SECRET,
            OLD_SECRET,
            OTHER_SECRET,
            TOKEN,
            SIGNING.trim_start_matches("whsec_"),
        ];
        Self {
            worker: more(setup, &good.url("")).started().await,
            good,
            secrets: secrets.map(str::to_owned).into(),
            delivers: local,
        }
    }

    /// Another secret that must not get out.
    pub(crate) fn guards(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
    }

    pub(crate) fn port(&self) -> u16 {
        self.worker.port()
    }

    /// The answer to a call of the operators' API.
    pub(crate) async fn api(&self, method: &str, path: &str, body: &str) -> Result<Answer, String> {
        let method = method.parse().map_err(|_| "no method".to_owned())?;
        let request = reqwest::Client::new()
            .request(method, self.worker.url(&format!("/api/v1{path}")))
            .timeout(PATIENCE * 2)
            .bearer_auth(TOKEN)
            .body(body.to_owned());
        Answer::of(request.send().await.map_err(|error| error.to_string())?).await
    }

    /// The events that were delivered to the good origin, once all of these are there.
    pub(crate) async fn delivered(&self, ids: &BTreeSet<String>) -> Result<Vec<Request>, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let received = self.good.received(GOOD);
            let there: BTreeSet<_> = received
                .iter()
                .map(|request| request.header("webhook-id"))
                .collect();
            let missing = ids.iter().filter(|id| !there.contains(id.as_str()));
            let missing: Vec<_> = missing.take(5).collect();
            if missing.is_empty() {
                return Ok(received);
            }
            if Instant::now() > deadline {
                return Err(format!("accepted and never delivered: {missing:?}, …"));
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// A good notification is accepted in time; its id.
    pub(crate) async fn accept(&self) -> Result<String, String> {
        let request = reqwest::Client::new()
            .post(self.worker.url(&self.worker.hook("acme")))
            .timeout(PATIENCE)
            .header("content-type", "application/xml")
            .body(notification("application.created").xml());
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let answer = Answer::of(answer).await?;
        let json = answer.json();
        match json.get("status").and_then(Value::as_str) {
            Some("accepted") => Ok(json
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()),
            _ => Err(format!("{} {}", answer.status, answer.body)),
        }
    }

    /// The Worker works, and has kept its secrets to itself.
    pub(crate) async fn survives(&self, tally: &mut Tally) {
        let health = self.worker.get("/healthz").await;
        let verdict = match health.json().get("status").and_then(Value::as_str) {
            Some("ok" | "misconfigured") => Ok(()),
            _ => Err(health.text),
        };
        tally.holds("healthz answers afterwards", verdict);
        let accepted = self.accept().await;
        if self.delivers {
            let arrived = match &accepted {
                Ok(id) => self.delivered(&BTreeSet::from([id.clone()])).await,
                Err(_) => Ok(vec![]),
            };
            tally.holds("a good event is delivered afterwards", arrived.map(|_| ()));
        }
        tally.holds("a good event is accepted afterwards", accepted.map(|_| ()));
        tally.holds("no secret is printed", self.keeps_its_secrets());
        tally.holds("each line of the log is JSON", self.logs_json());
    }

    /// No secret in what the runtime and the Worker have printed, in any encoding that is usual.
    fn keeps_its_secrets(&self) -> Verdict {
        let log = self.worker.log();
        for secret in &self.secrets {
            for spelling in spellings(secret) {
                if let Some(line) = log.lines().find(|line| line.contains(&spelling)) {
                    return Err(format!("{spelling} in {line}"));
                }
            }
        }
        Ok(())
    }

    fn logs_json(&self) -> Verdict {
        let log = self.worker.log();
        let strange = log
            .lines()
            .find(|line| serde_json::from_str::<Value>(line).is_err() && !is_of_the_runtime(line));
        strange.map_or(Ok(()), |line| Err(line.to_owned()))
    }
}

/// `true` for a line that workerd itself prints: it names a place in its code.
fn is_of_the_runtime(line: &str) -> bool {
    line.trim().is_empty() || line.contains(".c++:") || line.starts_with("stack: ")
}

/// How a secret could be written.
pub(crate) fn spellings(secret: &str) -> BTreeSet<String> {
    [
        secret.to_owned(),
        encode(secret),
        encode(secret).replace('+', "%20"),
        encode(secret).to_lowercase(),
        STANDARD.encode(secret),
        URL_SAFE.encode(secret),
        secret.replace('/', "\\/"),
    ]
    .into()
}
