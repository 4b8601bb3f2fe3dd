//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Follows 3scale's events as they arrive at a threescale-edge Worker, and does what operators do.
///
/// The token is read from the environment variable `CONSOLE_TOKEN` or from --token-file, never from an argument, which
/// every process of this machine could read. Behind Cloudflare Access set `CF_ACCESS_CLIENT_ID` and
/// `CF_ACCESS_CLIENT_SECRET` to those of a service token.
#[derive(Debug, Parser)]
#[command(name = "threescale-edge", version, propagate_version = true)]
pub(crate) struct Command {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The Worker's address.
    #[arg(
        long,
        global = true,
        env = "THREESCALE_EDGE_URL",
        default_value = "http://localhost:8787"
    )]
    pub(crate) url: String,
    /// A file with the console token; `-` is the standard input. Without it, `CONSOLE_TOKEN` counts.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Print JSON: what the API answers, or a line for each thing that happens.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show events as they come, and forward each to a service on this machine.
    Listen(Listen),
    /// List events, newest first.
    Events(Events),
    /// Show one event with its deliveries and their attempts.
    Event {
        /// The event's id.
        id: String,
    },
    /// Deliver events again: one by its id, or all that a filter selects.
    Replay(Replay),
    /// List the destinations of each source with their health.
    Destinations,
    /// Stop sending to a destination; its deliveries wait.
    Pause {
        /// The destination.
        name: String,
    },
    /// Send to a destination again, and close its breaker.
    Resume {
        /// The destination.
        name: String,
    },
    /// The bodies that could not be parsed.
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Put this Worker's URL with a source's current secret into 3scale.
    Register(Register),
    /// Say whether the Worker is healthy, and what is wrong; the exit code is 1 if something is.
    Status,
}

/// Which events.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Filter {
    /// Only those of this source; `*` is all.
    #[arg(long, default_value = "*")]
    pub(crate) source: String,
    /// Of this type: application, or net.3scale.application.updated.
    #[arg(long = "type")]
    pub(crate) kind: Option<String>,
    /// With this action: created, updated, deleted, ...
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// About the object with this id.
    #[arg(long)]
    pub(crate) object: Option<String>,
    /// About the account with this id.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// With this text in the id or in the document.
    #[arg(long, short)]
    pub(crate) q: Option<String>,
}

impl Filter {
    /// As parameters of the API.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let source = Some(self.source.clone()).filter(|source| source != "*");
        [
            ("source", source),
            ("type", self.kind.clone()),
            ("action", self.action.clone()),
            ("object", self.object.clone()),
            ("account", self.account.clone()),
            ("q", self.q.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// Which events, by their deliveries and times too.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Selection {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// With a delivery in this state: waiting, delivered or dead.
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// With a delivery to this destination.
    #[arg(long)]
    pub(crate) destination: Option<String>,
    /// Received at this time or later: 2h, 7d, 2026-11-22, 2026-11-22T10:00:00Z.
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// Received before this time.
    #[arg(long)]
    pub(crate) until: Option<String>,
}

impl Selection {
    /// As parameters of the API.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.filter.pairs();
        let more = [
            ("state", &self.state),
            ("destination", &self.destination),
            ("since", &self.since),
            ("until", &self.until),
        ];
        let more = more.into_iter();
        pairs.extend(more.filter_map(|(name, value)| Some((name, value.clone()?))));
        pairs
    }
}

/// It goes on where it was when it last ran with the same URL and filter, whatever happened in between.
///
/// An event counts as done once the service has answered 2xx, or after --attempts other answers; while nothing
/// listens at the address, it waits. If this program is killed between the answer and its note of it, the event is
/// forwarded once more, under the same webhook-id: at least once, as every delivery.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Forward each event to this URL, signed as a delivery is.
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// Begin with events of this time, and forget where it was: 2h, 7d, 2026-11-22T10:00:00Z.
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// The folder with the listening secret, and with how far each listener has got.
    #[arg(long, value_name = "FOLDER", env = "THREESCALE_EDGE_STATE")]
    pub(crate) state: Option<PathBuf>,
    /// How often the service may answer other than 2xx before an event is given up.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempts: u32,
    /// How long the service may take to answer, in seconds.
    #[arg(long, default_value_t = 15)]
    pub(crate) timeout: u64,
    /// Print the listening secret, and end.
    #[arg(long)]
    pub(crate) print_secret: bool,
    /// How often the connection is tested, in milliseconds.
    #[arg(long, default_value_t = 30_000, hide = true)]
    pub(crate) ping_ms: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// How many, 1 to 200.
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: u32,
    /// Go on where an earlier list ended.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The id of one event.
    #[arg(conflicts_with_all = ["all", "dry_run"])]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Send to this destination, whether or not it wants such events; may be given several times.
    #[arg(long = "send-to", value_name = "DESTINATION")]
    pub(crate) send_to: Vec<String>,
    /// All events.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only count.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// List them, newest first.
    List {
        /// Of this source.
        #[arg(long)]
        source: Option<String>,
        /// With this code: `malformed_xml`, ...
        #[arg(long)]
        code: Option<String>,
        /// Go on where an earlier list ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one, as it came.
    Show {
        /// Its id.
        id: String,
    },
    /// Parse one again, or all with a code.
    Reparse {
        /// Its id.
        #[arg(required_unless_present = "code", conflicts_with = "code")]
        id: Option<String>,
        /// All with this code.
        #[arg(long)]
        code: Option<String>,
        /// Of this source.
        #[arg(long, requires = "code")]
        source: Option<String>,
    },
    /// Drop one.
    Drop {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Register {
    /// The source.
    #[arg(default_value = "default")]
    pub(crate) source: String,
    /// Further members of the request, as JSON: `{"events":["account.*"],"provider_actions":false}`.
    #[arg(long, default_value = "{}")]
    pub(crate) options: String,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
}
