//! What `make dev`, `make send` and `make events` run: `tools/dev`, the stand-in for 3scale, `tools/events.mjs`.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use tokio::time::{sleep, timeout};

use harness::deployment::{Deployment, project};
use harness::fixtures::PATIENCE;
use harness::process::{Log, Process};
use harness::{free_port, languages};
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;
use stand_in::wire::{self, BodyFormat};

/// The shipped configuration in a folder of its own.
fn deployment() -> Deployment {
    let secrets = [
        ("SOURCE_DEFAULT_SECRET", "first-secret-0123456789"),
        ("ALLOW_LOCAL_TARGETS", "true"),
    ];
    Deployment::new(toml::Table::new(), &secrets).unwrap()
}

/// `tools/dev PORT` in this folder. Without make, which names the wrangler of the checkout.
fn dev(folder: &Path, port: u16) -> Command {
    let mut command = Command::new(project().join("tools/dev"));
    command.arg(port.to_string()).current_dir(folder);
    with_wrangler(&mut command);
    command
}

fn with_wrangler(command: &mut Command) {
    if std::env::var_os("WRANGLER").is_none() {
        let wrangler = project().join("node_modules/wrangler/bin/wrangler.js");
        command.env("WRANGLER", format!("node {}", wrangler.display()));
    }
}

fn events(folder: &Path, id: &str) -> Output {
    let mut command = languages::javascript();
    command
        .arg(project().join("tools/events.mjs"))
        .args((!id.is_empty()).then_some(id))
        .current_dir(folder);
    with_wrangler(&mut command);
    command.output().unwrap()
}

async fn push(port: u16, secret: &str) -> wire::Answer {
    let target = format!("http://localhost:{port}/hooks/default?token={secret}");
    let created = Notification::of(Kind::ALL[7]);
    wire::push(
        &target.parse().unwrap(),
        &created.xml(),
        BodyFormat::Xml,
        PATIENCE,
    )
    .await
    .unwrap()
}

#[test]
fn a_busy_port_is_named_and_no_other_is_taken() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port();
    let deployment = deployment();
    let output = dev(deployment.folder(), port).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    let remedy = format!("make dev PORT={}", port + 1);
    assert!(said.contains(&format!("port {port} is busy")), "{said}");
    assert!(said.contains(&remedy), "{said}");
    assert!(output.stdout.is_empty(), "nothing was started");
}

#[tokio::test]
async fn an_edit_of_the_secrets_takes_effect_and_stored_events_are_shown() {
    let deployment = deployment();
    let folder = deployment.folder().to_owned();
    let port = free_port().unwrap();
    let running = tokio::task::spawn_blocking(move || {
        let ready = |output: &str| output.contains("Ready on");
        Process::start(&dev(&folder, port), None, port, &Log::default(), ready).unwrap()
    });
    let running = running.await.unwrap();
    let answer = push(port, "first-secret-0123456789").await;
    assert_eq!(answer.status, 200, "{}", running.log().text());

    let secrets = fs::read_to_string(deployment.secrets()).unwrap();
    let edited = secrets.replace("first-secret", "second-secret");
    fs::write(deployment.secrets(), edited).unwrap();
    let in_effect = async {
        while push(port, "second-secret-0123456789").await.status != 200 {
            sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    let edited = timeout(PATIENCE, in_effect).await;
    assert!(edited.is_ok(), "{}", running.log().text());
    assert!(running.log().text().contains(".dev.vars was edited"));

    let folder = deployment.folder().to_owned();
    tokio::task::spawn_blocking(move || {
        let listed = timed(|| {
            let output = events(&folder, "");
            output.status.success().then_some(output)
        });
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains("application.created"), "{listed}");
        let id = listed.split(' ').next().unwrap();
        for id in [id, "last"] {
            let whole = String::from_utf8(events(&folder, id).stdout).unwrap();
            let event: serde_json::Value = serde_json::from_str(&whole).unwrap();
            assert_eq!(event["data"]["object"]["id"], 11);
            assert!(whole.lines().count() > 10, "{whole}");
        }
        assert!(!events(&folder, "nothing").status.success());
    })
    .await
    .unwrap();
}

/// What `look` finds, once it does: deliveries into KV take a moment.
fn timed<T>(look: impl Fn() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline);
    }
}
