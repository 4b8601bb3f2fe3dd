//! 3scale's side: sends the same requests, retries on the same schedule, stores failures, serves its admin API.

use std::io;
use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{SecondsFormat, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};

use stand_in::kinds::Kind;
use stand_in::notifications::{Notification, sample_keys, user_key_backend};
use stand_in::objects::Backend;
use stand_in::target::Target;
use stand_in::wire::{self, BodyFormat};

mod serve;

const EXAMPLES: &str = "Examples:
  export THREESCALE_URL='http://localhost:8787/hooks/default?token=…'
  cargo run -p stand-in -- send --all --fresh
  cargo run -p stand-in -- send --kind application.key_created --id 12 --key abc
  cargo run -p stand-in -- send --kind user.created --form
  cargo run -p stand-in -- ping
  cargo run -p stand-in -- print --kind account.updated

An outage, sixty times faster than in production: stop the Worker while this runs, then look at the list.
  cargo run -p stand-in -- serve --rate 2 --time-factor 60 --access-token t0ken
  curl -u :t0ken http://127.0.0.1:9100/admin/api/webhooks/failures.xml";

/// A stand-in for Red Hat 3scale, byte for byte as its own code sends.
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Push notifications, one attempt each; fails unless all were accepted
    Send {
        #[command(flatten)]
        to: To,
        #[command(flatten)]
        what: What,
        /// Send the legacy form `params[xml]=…` instead of the XML itself
        #[arg(long)]
        form: bool,
    },
    /// Send the request of the admin portal's Ping! button
    Ping {
        #[command(flatten)]
        to: To,
    },
    /// Print notifications instead of sending them, one a line
    Print {
        #[command(flatten)]
        what: What,
    },
    /// Run like 3scale: a stream of events, six attempts each, the failures behind the admin API
    Serve(serve::Options),
}

#[derive(Args)]
struct To {
    /// The webhook's URL with its secret, as it is set in 3scale
    // A `String` and not a `Target`: clap repeats a value that it cannot parse, and this one holds the secret.
    #[arg(long, env = "THREESCALE_URL", hide_env_values = true)]
    url: String,
}

#[derive(Args)]
struct What {
    /// One of the 16 kinds, such as `application.key_created`; may be repeated
    #[arg(long = "kind", required_unless_present = "all")]
    kinds: Vec<Kind>,
    /// All 16 kinds
    #[arg(long, conflicts_with = "kinds")]
    all: bool,
    /// The object's id
    #[arg(long)]
    id: Option<u64>,
    /// Each about a new object, changed now, so that none repeats an earlier one
    #[arg(long, conflicts_with_all = ["id", "updated_at"])]
    fresh: bool,
    /// As 3scale prints it: 2026-11-21T20:00:00Z, or with the tenant's offset
    #[arg(long)]
    updated_at: Option<String>,
    /// How the application's product identifies it
    #[arg(long)]
    backend: Option<BackendVersion>,
    /// A key of the application; may be repeated
    #[arg(long = "key")]
    keys: Vec<String>,
    /// An extra field, NAME=VALUE; may be repeated
    #[arg(long = "extra", value_parser = name_and_value)]
    extra_fields: Vec<(String, String)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum BackendVersion {
    #[value(name = "1")]
    One,
    #[value(name = "2")]
    Two,
    Oauth,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Send { to, what, form } => {
            let format = if form {
                BodyFormat::Form
            } else {
                BodyFormat::Xml
            };
            send(&to.url.parse()?, &what.notifications(), format).await
        }
        Command::Ping { to } => ping(&to.url.parse()?).await,
        Command::Print { what } => {
            what.notifications()
                .iter()
                .for_each(|notification| println!("{}", notification.xml()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve(options) => serve::run(options).await.map(|()| ExitCode::SUCCESS),
    }
}

async fn send(
    target: &Target,
    notifications: &[Notification],
    format: BodyFormat,
) -> anyhow::Result<ExitCode> {
    println!("to {target}");
    let mut refused = 0;
    for notification in notifications {
        let kind = notification.kind();
        match wire::push(target, &notification.xml(), format, wire::TIMEOUT).await {
            Ok(answer) if answer.is_success() => {
                println!("{kind:<29} {} {}", answer.status, answer.body.trim());
            }
            Ok(answer) => {
                refused += 1;
                println!("{kind:<29} {} {}", answer.status, answer.body.trim());
            }
            Err(error) if nobody_listens(&error) => bail!("{}", nobody_at(target)),
            Err(error) => {
                refused += 1;
                println!("{kind:<29} no answer: {error:#}");
            }
        }
    }
    if refused > 0 {
        eprintln!("{refused} of {} not accepted", notifications.len());
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

async fn ping(target: &Target) -> anyhow::Result<ExitCode> {
    let answer = match wire::ping(target, Utc::now(), wire::TIMEOUT).await {
        Err(error) if nobody_listens(&error) => bail!("{}", nobody_at(target)),
        answer => answer.context("no answer")?,
    };
    println!("{target} responded with {}", answer.status);
    Ok(if answer.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn nobody_listens(error: &anyhow::Error) -> bool {
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
}

fn nobody_at(target: &Target) -> String {
    format!("nothing listens at {target}: start the Worker with `make dev`, or name another URL")
}

impl What {
    fn notifications(&self) -> Vec<Notification> {
        let kinds = if self.all {
            Kind::ALL.as_slice()
        } else {
            self.kinds.as_slice()
        };
        // Ids that no earlier run had: the time in milliseconds, and on from there.
        let first_id = u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default();
        let ids = first_id..;
        let numbered = kinds.iter().zip(ids);
        numbered
            .map(|(&kind, new_id)| self.notification(kind, new_id))
            .collect()
    }

    fn notification(&self, kind: Kind, new_id: u64) -> Notification {
        let mut notification = Notification::of(kind);
        if self.fresh {
            let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
            notification = notification.id(new_id).created_at(&now).updated_at(&now);
        }
        if let Some(id) = self.id {
            notification = notification.id(id);
        }
        if let Some(time) = &self.updated_at {
            notification = notification.updated_at(time);
        }
        if let Some(backend) = self.backend {
            notification =
                notification.application(|application| application.backend = backend.sample());
        }
        if !self.keys.is_empty() {
            notification = notification.keys(self.keys.iter().map(String::as_str));
        }
        self.extra_fields
            .iter()
            .fold(notification, |notification, (name, value)| {
                notification.extra_field(name, value)
            })
    }
}

impl BackendVersion {
    fn sample(self) -> Backend {
        match self {
            Self::One => user_key_backend("24dfa552d2b54907db559a47362bc9a8"),
            Self::Two => sample_keys(),
            Self::Oauth => Backend::Oauth {
                client_id: "8d754b83".into(),
                keys: vec!["f8e34f35fbd7763117f4e07e7a87c3c5".into()],
                redirect_url: None,
            },
        }
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
