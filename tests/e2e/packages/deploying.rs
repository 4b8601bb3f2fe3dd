//! `npm run deploy` and `npm run doctor`, with the wrangler that a project has and a stand-in for Cloudflare.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use harness::fixtures::operator::TOKEN;
use harness::fixtures::tenant::{ACCESS_TOKEN, Admin};
use harness::fixtures::worker::Setup;
use serde_json::{Value, json};

use super::cloudflare::Cloudflare;
use super::{Machine, said};

const SCRIPT: &str = "node_modules/threescale-edge/bin/threescale-edge.mjs";

/// `npm run COMMAND` in the project.
fn run(
    machine: &Machine,
    cloudflare: &Cloudflare,
    words: &[&str],
    secrets: &[(&str, &str)],
) -> Output {
    let mut command = machine.command("edge", &[&["node", SCRIPT], words].concat());
    command
        .env(
            "CLOUDFLARE_API_BASE_URL",
            format!("{}/client/v4", cloudflare.url),
        )
        .env("CLOUDFLARE_API_TOKEN", "a-token-of-cloudflare")
        .envs(secrets.iter().copied());
    command.output().unwrap()
}

/// The secrets in an upload.
fn uploaded(settings: &Value) -> Vec<(String, String)> {
    let bindings = settings["bindings"].as_array().unwrap().iter();
    let secrets = bindings.filter(|binding| binding["type"] == "secret_text");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    secrets
        .map(|secret| (text(&secret["name"]), text(&secret["text"])))
        .collect()
}

#[test]
fn a_first_deployment_brings_its_secrets_and_a_second_one_changes_none() {
    let (machine, cloudflare) = (Machine::new(), Cloudflare::start());
    machine.project_without_npm(&["--destination", "https://crm.example.com/3scale"]);
    cloudflare.with(|account| account.still_old = 2);
    let deploy = ["deploy", "--yes", "--url", cloudflare.url.as_str()];
    let first = run(&machine, &cloudflare, &deploy, &[]);
    let log = said(&first);
    assert!(
        first.status.success(),
        "{log}\n{:#?}",
        cloudflare.with(|account| account.calls.clone())
    );

    let settings = cloudflare.with(|account| {
        assert_eq!(account.still_old, 0, "it waited for the new version");
        assert_eq!(account.uploads.len(), 1, "one upload, no gap");
        account.uploads[0].clone()
    });
    let secrets = uploaded(&settings);
    let names: Vec<_> = secrets.iter().map(|(name, _)| name.as_str()).collect();
    let needed = [
        "SOURCE_DEFAULT_SECRET",
        "CONSOLE_TOKEN",
        "DESTINATION_SERVICE_SIGNING_SECRET",
    ];
    for name in needed {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!(names.len(), needed.len(), "nothing of .dev.vars: {names:?}");
    let file = machine.path("edge/.secrets.production");
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for (name, value) in &secrets {
        assert!(
            kept.contains(&format!("{name}=\"{value}\"")),
            "{name} is kept"
        );
        assert!(
            !log.contains(value),
            "{name} is in what was printed, which a log may have"
        );
    }
    // What is uploaded is the package's Worker, with all that it needs.
    assert_eq!(settings["main_module"], "index.js");
    assert_eq!(settings["migrations"]["steps"].as_array().unwrap().len(), 2);
    let hook = format!(
        "{}/hooks/default?token=<SOURCE_DEFAULT_SECRET>",
        cloudflare.url
    );
    assert!(log.contains(&hook), "{log}");

    let second = run(&machine, &cloudflare, &deploy, &[]);
    assert!(second.status.success(), "{}", said(&second));
    let settings = cloudflare.with(|account| account.uploads[1].clone());
    assert_eq!(uploaded(&settings), []);
    assert_eq!(
        settings["keep_bindings"],
        json!(["secret_text", "secret_key"])
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), kept);
}

#[test]
fn a_mistake_uploads_nothing_and_a_dry_run_neither() {
    let (machine, cloudflare) = (Machine::new(), Cloudflare::start());
    machine.project_without_npm(&[]);
    let dry = run(&machine, &cloudflare, &["deploy", "--dry-run"], &[]);
    assert!(dry.status.success(), "{}", said(&dry));
    assert!(
        said(&dry).contains("SOURCE_DEFAULT_SECRET"),
        "{}",
        said(&dry)
    );

    // Nobody would ever see what is made on a build machine.
    let on_a_build_machine = run(&machine, &cloudflare, &["deploy"], &[]);
    let log = said(&on_a_build_machine);
    assert!(log.contains("SOURCE_DEFAULT_SECRET is missing"), "{log}");

    let file = machine.path("edge/wrangler.toml");
    let sound = fs::read_to_string(&file).unwrap();
    fs::write(&file, sound.replace("ttl_days = 30", "ttl_day = 30")).unwrap();
    let deployed = run(&machine, &cloudflare, &["deploy", "--yes"], &[]);
    assert!(!deployed.status.success());
    let log = said(&deployed);
    assert!(log.contains("DESTINATIONS.archive.ttl_day"), "{log}");
    assert!(!machine.path("edge/.secrets.production").exists());
    assert!(cloudflare.with(|account| account.uploads.is_empty()));
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let (machine, cloudflare) = (Machine::new(), Cloudflare::start());
    machine.project_without_npm(&[]);
    let before = run(&machine, &cloudflare, &["doctor"], &[]);
    let log = said(&before);
    assert!(
        log.contains("no Worker of this name is deployed yet: npm run deploy"),
        "{log}"
    );

    let deploy = ["deploy", "--yes", "--url", cloudflare.url.as_str()];
    assert!(run(&machine, &cloudflare, &deploy, &[]).status.success());
    let after = run(&machine, &cloudflare, &["doctor"], &[]);
    let log = said(&after);
    for well in [
        "Node.js",
        "wrangler",
        "threescale-edge",
        "Cloudflare",
        "the Worker",
        "hooks",
    ] {
        assert!(log.contains(&format!("ok       {well}: ")), "{well}: {log}");
    }
    assert!(log.contains("has no admin_url"), "{log}");
    assert!(after.status.success(), "{log}");

    cloudflare.with(|account| account.has_access = true);
    let cut_off = run(&machine, &cloudflare, &["doctor"], &[]);
    let log = said(&cut_off);
    assert!(
        log.contains("PROBLEM  hooks: /hooks/default: Cloudflare Access"),
        "{log}"
    );
    assert!(log.contains("Bypass"), "{log}");
    assert!(!cut_off.status.success());

    let stranger = Machine::new();
    stranger.project_without_npm(&[]);
    let not_logged_in = stranger.run("edge", &["node", SCRIPT, "deploy", "--yes"]);
    let log = said(&not_logged_in);
    assert!(log.contains("npx wrangler login"), "{log}");
}

/// What needs 3scale's access token, the Worker does.
#[tokio::test]
async fn the_url_is_written_to_3scale_and_the_doctor_asks_how_recovery_does() {
    let admin = Admin::start();
    let secret = "acme-secret-0123456789";
    let worker = Setup::default()
        .source("acme", secret, &format!("admin_url = \"{}\"", admin.url))
        .secret("SOURCE_ACME_ACCESS_TOKEN", ACCESS_TOKEN)
        .secret("CONSOLE_TOKEN", TOKEN)
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await;
    let url = worker.url("").trim_end_matches('/').to_owned();
    let said = tokio::task::spawn_blocking(move || {
        let (machine, cloudflare) = (Machine::new(), Cloudflare::start());
        machine.project_without_npm(&[
            "--source",
            "acme",
            "--admin-url",
            "https://acme-admin.3scale.net",
        ]);
        let secrets = [("CONSOLE_TOKEN", TOKEN), ("SOURCE_ACME_SECRET", secret)];
        ["register", "doctor"].map(|command| {
            let words = [command, "--yes", "--url", &url];
            said(&run(&machine, &cloudflare, &words, &secrets))
        })
    });
    let [registered, examined] = said.await.unwrap();
    assert!(
        registered.contains("3scale has confirmed it"),
        "{registered}"
    );
    assert!(!registered.contains(secret), "{registered}");
    let set = admin.tenant.webhook.lock().unwrap().json()["webhook"].clone();
    assert_eq!(
        set["url"],
        worker.url(&format!("/hooks/acme?token={secret}"))
    );
    for well in [
        "the Worker: ",
        "hooks: acme reachable",
        "3scale: recovery: acme ",
    ] {
        assert!(
            examined.contains(&format!("ok       {well}")),
            "{well}: {examined}"
        );
    }
}
