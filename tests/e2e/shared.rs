//! The one Worker that most tests share, and the one origin.

use std::sync::LazyLock;

use harness::fixtures::origin::Origin;
use harness::fixtures::worker::{Setup, Worker};
use harness::{free_port, signing_secret};

/// The current secret of `acme`: with characters that a URL has to encode.
pub(crate) const ACME_NEW: &str = "acme/n3w+s3cret=current&more";
/// The secret of `acme` before the last change, still valid.
pub(crate) const ACME_OLD: &str = "acme-0ld-secret-still-valid";
pub(crate) const AUTHORIZATION: &str = "Bearer d0wnstream-authorization-value";
pub(crate) const ZETA_ADMIN: &str = "https://zeta-admin.3scale.net";

/// The failures of an origin: a source and a destination for each, so that they can happen side by side.
pub(crate) const OUTAGES: [&str; 7] = [
    "status-500",
    "status-404",
    "reset",
    "redirect-302",
    "redirect-307",
    "asks-to-wait",
    "while-logged",
];

/// A Worker with a destination for every case, and the origin behind them.
pub(crate) struct Shared {
    pub(crate) worker: Worker,
    pub(crate) origin: Origin,
    /// The one that signs for every destination but `rotating`.
    pub(crate) signing: String,
    /// Both sign for `rotating`.
    pub(crate) rotating: [String; 2],
    /// The address of `refused`: nothing listens there until a test starts an origin.
    pub(crate) refused_port: u16,
}

/// Sources and destinations are paired, so that a test's events make only the deliveries that it examines.
///
/// | source | destinations |
/// |---|---|
/// | `acme` | `structured` (path `/structured`), `archive` (KV), `accounts` (patterns), `rotating` |
/// | `zeta` (with `admin_url` and its own parameter) | `structured`, `binary`, `xml`, `redacted` |
/// | each of [`OUTAGES`] | the destination of the same name, at the path of the same name |
/// | `slow` | `slow` (with a timeout of a second), `beside-slow` |
/// | `refused` | `refused`, where nothing listens |
/// | `cut-short` | none |
pub(crate) async fn shared() -> &'static Shared {
    static SHARED: LazyLock<Shared> = LazyLock::new(start);
    // If it cannot start, the first test reports why, and the others fail at once.
    tokio::task::spawn_blocking(|| &*SHARED)
        .await
        .expect("the shared Worker did not start")
}

fn start() -> Shared {
    let origin = Origin::start();
    let signing = signing_secret();
    let rotating = [signing_secret(), signing_secret()];
    let refused_port = free_port().unwrap();
    let setup = Setup::default()
        .source("acme", &format!("{ACME_NEW} {ACME_OLD}"), "")
        .source(
            "zeta",
            "zeta-secret-0123456789",
            &format!("secret_param = \"key\"\nadmin_url = \"{ZETA_ADMIN}\""),
        )
        .source("slow", "slow-secret-0123456789", "")
        .source("refused", "refused-secret-0123456789", "")
        .source("cut-short", "cut-short-secret-0123456789", "")
        .origin_of(
            "structured",
            &origin.url("/structured"),
            &signing,
            r#"sources = ["acme", "zeta"]"#,
        )
        .origin_of(
            "accounts",
            &origin.url("/accounts"),
            &signing,
            "sources = [\"acme\"]\nevents = [\"account.*\", \"user.created\"]",
        )
        .origin_of(
            "rotating",
            &origin.url("/rotating"),
            &rotating.join(" "),
            r#"sources = ["acme"]"#,
        )
        .secret("DESTINATION_ROTATING_AUTHORIZATION", AUTHORIZATION)
        .destination(
            "archive",
            "kv = \"EVENTS\"\nsources = [\"acme\"]\nttl_days = 30",
        )
        .origin_of(
            "binary",
            &origin.url("/binary"),
            &signing,
            "sources = [\"zeta\"]\nformat = \"cloudevents-binary\"",
        )
        .origin_of(
            "xml",
            &origin.url("/xml"),
            &signing,
            "sources = [\"zeta\"]\nformat = \"xml\"",
        )
        .origin_of(
            "redacted",
            &origin.url("/redacted"),
            &signing,
            "sources = [\"zeta\"]\nredact = [\"user_key\", \"keys\"]",
        )
        .origin_of(
            "slow",
            &origin.url("/slow"),
            &signing,
            "sources = [\"slow\"]\ntimeout_ms = 1000",
        )
        .origin_of(
            "beside-slow",
            &origin.url("/beside-slow"),
            &signing,
            r#"sources = ["slow"]"#,
        )
        .origin_of(
            "refused",
            &format!("http://127.0.0.1:{refused_port}/refused"),
            &signing,
            r#"sources = ["refused"]"#,
        )
        .secret("DESTINATION_WHILE_LOGGED_AUTHORIZATION", AUTHORIZATION)
        .secret("ALLOW_LOCAL_TARGETS", "true");
    let worker = OUTAGES
        .iter()
        .fold(setup, |setup, name| {
            setup
                .source(name, "outage-secret-0123456789", "")
                .origin_of(
                    name,
                    &origin.url(&format!("/{name}")),
                    &signing,
                    &format!("sources = [\"{name}\"]"),
                )
        })
        .start();
    Shared {
        worker,
        origin,
        signing,
        rotating,
        refused_port,
    }
}
