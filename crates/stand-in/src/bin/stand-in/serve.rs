//! `stand-in serve`: runs the stand-in on its own, to try out an outage.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use stand_in::admin_api;
use stand_in::credentials::{AccessToken, Credentials};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::sidekiq::{Attempt, Job, Outcome, Pace, Sidekiq};
use stand_in::target::Target;
use stand_in::tenant::{Tenant, Webhook};
use stand_in::wire::BodyFormat;

/// The options of `stand-in serve`.
#[derive(Args)]
pub(crate) struct Options {
    /// The webhook's URL with its secret; without it nothing is sent until a PUT sets one
    #[arg(long, env = "THREESCALE_URL", hide_env_values = true)]
    url: Option<String>,
    /// Events per second
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Stop making events after this many; the admin API stays
    #[arg(long)]
    count: Option<u64>,
    /// How much faster than in production retries are made: 60 turns a minute into a second
    #[arg(long, default_value_t = 1.0)]
    time_factor: f64,
    /// Attempts at the same time
    #[arg(long, default_value_t = 10)]
    threads: usize,
    /// Share of attempts after which Sidekiq restarts and sends once more, such as 0.05
    #[arg(long, default_value_t = 0.0)]
    restarts: f64,
    /// Share of attempts at which Sidekiq is killed and the event lost
    #[arg(long, default_value_t = 0.0)]
    losses: f64,
    /// Share of requests to the admin API that are answered 503, break off, or get no answer
    #[arg(long, default_value_t = 0.0)]
    admin_faults: f64,
    /// The address on which the admin API listens
    #[arg(long, default_value = "127.0.0.1:9100")]
    listen: SocketAddr,
    /// TOKEN, TOKEN=scope,scope (without `account_management` it is refused), or TOKEN=member
    #[arg(
        long = "access-token",
        env = "THREESCALE_ACCESS_TOKEN",
        hide_env_values = true
    )]
    access_tokens: Vec<AccessToken>,
    /// The tenant's provider key
    #[arg(long, env = "THREESCALE_PROVIDER_KEY", hide_env_values = true)]
    provider_key: Option<String>,
}

/// Serves until Ctrl-C.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    anyhow::ensure!(
        options.rate > 0.0 && options.time_factor > 0.0,
        "--rate and --time-factor must be above 0"
    );
    let credentials = Credentials {
        access_tokens: options.access_tokens,
        provider_key: options.provider_key,
    };
    let target = options
        .url
        .as_deref()
        .map(str::parse::<Target>)
        .transpose()?;
    let webhook = target.as_ref().map_or_else(Webhook::default, Webhook::on);
    let tenant = Arc::new(Tenant {
        faults: options.admin_faults,
        ..Tenant::new(credentials, webhook)
    });
    let pace = Pace {
        time_factor: options.time_factor,
        restarts: options.restarts,
        losses: options.losses,
        threads: options.threads,
    };
    let sidekiq = Arc::new(Sidekiq::new(pace, tenant.failures.clone(), |attempt| {
        println!("{}", line(&attempt));
    }));

    let listener = TcpListener::bind(options.listen).await?;
    println!(
        "admin API on http://{}/admin/api/webhooks/failures.xml",
        listener.local_addr()?
    );
    let api = axum::serve(listener, admin_api::router(tenant.clone())).into_future();
    let events = emit(
        &tenant,
        &sidekiq,
        options.rate,
        options.count.unwrap_or(u64::MAX),
    );
    tokio::select! {
        served = api => served?,
        () = async { events.await; std::future::pending().await } => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

/// Makes events of all kinds in rotation, each about a new object, at the requested rate.
async fn emit(tenant: &Tenant, sidekiq: &Arc<Sidekiq>, rate: f64, count: u64) {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut jobs = JoinSet::new();
    for (id, kind) in (1..=count).zip(Kind::ALL.into_iter().cycle()) {
        ticks.tick().await;
        while jobs.try_join_next().is_some() {}
        // The URL is read when the event happens: a job keeps it through its retries.
        let target = tenant
            .webhook
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .target(kind);
        let Some(target) = target else { continue };
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let xml = Notification::of(kind)
            .id(id)
            .created_at(&now)
            .updated_at(&now)
            .xml();
        let job = Job::new(kind, target, xml, BodyFormat::Xml);
        let sidekiq = sidekiq.clone();
        jobs.spawn(async move {
            let name = format!("{kind} {}", job.id);
            match sidekiq.run(job).await {
                Outcome::Delivered { .. } => {}
                Outcome::Failed => println!("{name}: gave up, now in the list of failures"),
                Outcome::Lost => println!("{name}: lost in a crash of Sidekiq"),
            }
        });
    }
    while jobs.join_next().await.is_some() {}
}

fn line(attempt: &Attempt<'_>) -> String {
    let Attempt {
        job,
        number,
        result,
    } = attempt;
    let result = match result {
        Ok(answer) => answer.status.to_string(),
        Err(error) => format!("no answer: {error:#}"),
    };
    format!("{:<29} {}  attempt {number}: {result}", job.kind, job.id)
}
