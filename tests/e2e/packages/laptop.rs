//! From an empty machine to the first event.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use harness::fixtures::PATIENCE;
use harness::fixtures::origin::{Origin, Reply};
use harness::free_port;
use harness::process::{Log, Process};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Machine, packed, said};

const TOKEN: &str = "local-console-token";

/// Asks the registry of npm for wrangler, into empty caches.
#[tokio::test]
async fn from_nothing_to_the_first_event_with_node_alone() {
    let origin = Origin::start();
    let machine = Machine::new();
    let began = Instant::now();
    let (create, edge) = (packed("create-threescale-edge"), packed("threescale-edge"));
    let create_words = [
        "npm",
        "exec",
        "--yes",
        "--package",
        create.to_str().unwrap(),
        "--",
        "create-threescale-edge",
        "edge",
        "--yes",
        "--source",
        "acme",
        "--admin-url",
        "https://acme-admin.3scale.net/",
        "--destination",
        &origin.url("/events"),
        "--package",
        edge.to_str().unwrap(),
    ];
    let output = machine.run("", &create_words);
    assert!(output.status.success(), "{}", said(&output));
    let created = began.elapsed();
    assert!(said(&output).contains("npm run dev"), "{}", said(&output));

    let port = free_port().unwrap();
    let dev = machine.command(
        "edge",
        &["npm", "run", "dev", "--", "--port", &port.to_string()],
    );
    let running = tokio::task::spawn_blocking(move || {
        let ready = |output: &str| output.contains("see events");
        Process::start(&dev, None, port, &Log::default(), ready).unwrap()
    });
    let running = running.await.unwrap();
    let ready = began.elapsed();
    let printed = running.log().text();
    let hook = format!("http://localhost:{port}/hooks/acme?token=local-secret");
    assert!(printed.contains(&hook), "{printed}");
    let curl = "--data-binary @node_modules/threescale-edge/samples/application_created.xml";
    assert!(printed.contains(curl), "{printed}");

    let sent = machine.run(
        "edge",
        &["npm", "run", "send", "--", "--port", &port.to_string()],
    );
    assert!(
        sent.status.success(),
        "{}\n{}",
        said(&sent),
        running.log().text()
    );
    let id = only_event(port).await;
    println!(
        "npm create: {created:.1?}, npm run dev: {:.1?}, until the first event was seen: {:.1?}, with 4 commands",
        ready.saturating_sub(created),
        began.elapsed()
    );
    let delivery = origin.delivery("/events", &id).await;
    assert_eq!(delivery.json()["type"], "net.3scale.application.created");
    assert_eq!(delivery.json()["source"], "https://acme-admin.3scale.net");
    let secrets = fs::read_to_string(machine.path("edge/.dev.vars")).unwrap();
    let signing = secrets
        .lines()
        .find_map(|line| {
            line.strip_prefix("DESTINATION_SERVICE_SIGNING_SECRET=\"")?
                .strip_suffix('"')
        })
        .unwrap();
    assert!(delivery.is_signed_with(signing));

    let listed = machine.run(
        "edge",
        &["npm", "run", "events", "--", "--port", &port.to_string()],
    );
    assert!(said(&listed).contains(&id), "{}", said(&listed));
    console_if_there_is_one(port).await;
}

/// npm itself would name a conflict of packages.
#[test]
fn a_registry_that_does_not_answer_is_asked_again_and_then_named() {
    let registry = Origin::start();
    registry.plan("/wrangler", vec![Reply::Status(503); 6]);
    let machine = Machine::new();
    let create = machine.unpacked("create-threescale-edge", "create");
    let script = create.join("bin/create-threescale-edge.mjs");
    let edge = packed("threescale-edge");
    let words = ["node", script.to_str().unwrap(), "edge", "--yes"];
    let output = machine
        .command("", &words)
        .args(["--package", edge.to_str().unwrap()])
        .env("npm_config_registry", registry.url("/"))
        .env("npm_config_fetch_retry_mintimeout", "1")
        .env("npm_config_fetch_retry_maxtimeout", "1")
        .output()
        .unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(registry.requests_at("/wrangler"), 6, "{said}");
    assert!(said.contains("503"), "{said}");
    assert!(said.contains("run there: npm install"), "{said}");
    assert!(!said.contains("ERESOLVE"), "{said}");
}

/// The API shows the event that was sent, and no other.
async fn only_event(port: u16) -> String {
    let url = format!("http://127.0.0.1:{port}/api/v1/events");
    let answer = reqwest::Client::new()
        .get(url)
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    let body: Value = answer.json().await.unwrap();
    let events = body["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{body}");
    assert_eq!(events[0]["type"], "net.3scale.application.created");
    events[0]["id"].as_str().unwrap().to_owned()
}

/// What is a page must be one.
async fn console_if_there_is_one(port: u16) {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap();
    if answer.status() != 404 {
        assert!(answer.status().is_success(), "{}", answer.status());
        assert!(answer.text().await.unwrap().contains("<html"));
    }
}

#[tokio::test]
async fn an_edit_of_the_secrets_takes_effect_in_an_old_project_and_a_busy_port_is_named() {
    let machine = Machine::new();
    machine.project_without_npm(&[]);
    as_of_an_earlier_version(&machine);
    let script = "node_modules/threescale-edge/bin/threescale-edge.mjs";
    let port = free_port().unwrap();
    let dev = machine.command(
        "edge",
        &["node", script, "dev", "--port", &port.to_string()],
    );
    let running = tokio::task::spawn_blocking(move || {
        let ready = |output: &str| output.contains("see events");
        Process::start(&dev, None, port, &Log::default(), ready).unwrap()
    });
    let running = running.await.unwrap();

    let second = machine.run(
        "edge",
        &["node", script, "dev", "--port", &port.to_string()],
    );
    assert!(!second.status.success());
    assert!(
        said(&second).contains(&format!("--port {}", port + 1)),
        "{}",
        said(&second)
    );

    let file = machine.path("edge/.dev.vars");
    let secrets = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        secrets.replace("local-secret", "another-secret-0123456789"),
    )
    .unwrap();
    let deadline = Instant::now() + PATIENCE;
    let url = format!("http://127.0.0.1:{port}/hooks/default?token=another-secret-0123456789");
    loop {
        let answer = reqwest::get(&url).await;
        if answer.is_ok_and(|answer| answer.status() == 200) {
            break;
        }
        assert!(Instant::now() < deadline, "{}", running.log().text());
        sleep(Duration::from_millis(200)).await;
    }
    assert!(running.log().text().contains(".dev.vars was edited"));
}

/// Takes what came later out of the configuration: a project that was made before goes on working.
fn as_of_an_earlier_version(machine: &Machine) {
    let file = machine.path("edge/wrangler.toml");
    let mut config: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
    for later in ["version_metadata", "ratelimits", "observability"] {
        assert!(config.remove(later).is_some(), "{later}");
    }
    fs::write(file, toml::to_string(&config).unwrap()).unwrap();
}

/// What is written is what the Worker's own rules take, and what nobody else should read is nobody else's.
#[test]
fn a_new_project_is_sound_and_its_secrets_are_private() {
    let machine = Machine::new();
    machine.project_without_npm(&["--destination", "https://crm.example.com/3scale"]);
    let script = "node_modules/threescale-edge/bin/threescale-edge.mjs";
    let checked = machine.run("edge", &["node", script, "check"]);
    assert!(
        said(&checked).contains("The configuration is sound."),
        "{}",
        said(&checked)
    );

    let read = |name: &str| fs::read_to_string(machine.path("edge").join(name)).unwrap();
    let mode = fs::metadata(machine.path("edge/.dev.vars"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    for ignored in [".dev.vars", ".secrets.production", ".wrangler"] {
        assert!(
            read(".gitignore").contains(&format!("/{ignored}\n")),
            "{ignored}"
        );
    }
    let config: toml::Table = read("wrangler.toml").parse().unwrap();
    assert!(!config.contains_key("build"));
    let url = config["vars"]["DESTINATIONS"]["service"]["url"].as_str();
    assert_eq!(url, Some("https://crm.example.com/3scale"));
    // A deploy button asks for each of these, and takes what is in the example as a value.
    let manifest: Value = serde_json::from_str(&read("package.json")).unwrap();
    for line in read(".dev.vars.example")
        .lines()
        .filter(|line| line.contains('='))
    {
        assert!(line.ends_with("=\"\""), "{line}");
    }
    for name in ["SOURCE_DEFAULT_SECRET", "CONSOLE_TOKEN", "EVENTS"] {
        let description = &manifest["cloudflare"]["bindings"][name]["description"];
        assert!(description.is_string(), "{name}");
    }
    let again = machine.run(
        "",
        &[
            "node",
            "create/bin/create-threescale-edge.mjs",
            "edge",
            "--yes",
        ],
    );
    assert!(said(&again).contains("is not empty"), "{}", said(&again));
}
