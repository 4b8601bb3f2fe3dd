//! What `make deploy` uploads, and what it installs with.

use std::path::Path;

use harness::deployment::{Deployment, project};
use harness::wrangler;
use serde_json::{Value, json};

/// 3scale's URL holds the secret: no URL with its query may be recorded, whichever switch somebody turns on later.
#[tokio::test]
async fn nothing_that_records_urls_is_on_in_the_upload() {
    let upload = tokio::task::spawn_blocking(|| {
        let deployment = Deployment::new(toml::Table::new(), &[]).unwrap();
        wrangler::upload(&deployment).unwrap()
    });
    let upload = upload.await.unwrap();
    let observability = &upload["observability"];
    assert_eq!(observability["redact_query_string"], true, "{upload}");
    assert_eq!(observability["logs"]["invocation_logs"], false, "{upload}");
    assert_eq!(observability["traces"]["enabled"], false, "{upload}");
    assert_eq!(upload.get("logpush"), None, "{upload}");
    // Nor does a destination on the same zone go past the zone's rules.
    let flags = &upload["compatibility_flags"];
    assert_eq!(*flags, json!(["global_fetch_strictly_public"]), "{upload}");
    let names = upload["bindings"].as_array().unwrap().iter();
    let limiter = names
        .clone()
        .find(|binding| binding["name"] == "TOKEN_GUESSES");
    assert_eq!(
        limiter.unwrap()["simple"],
        json!({ "limit": 5, "period": 60 })
    );
}

/// What is downloaded to build with is what somebody looked at.
#[test]
fn every_package_of_a_lock_file_has_a_digest() {
    for file in ["package-lock.json", "benches/package-lock.json"] {
        let lock: Value = serde_json::from_str(&read(file)).unwrap();
        for (name, package) in lock["packages"].as_object().unwrap() {
            let has_digest = package["integrity"].is_string();
            assert!(name.is_empty() || has_digest, "{file}: {name}");
        }
    }
    for file in ["Cargo.lock", "benches/parse/Cargo.lock", "fuzz/Cargo.lock"] {
        let lock: toml::Table = read(file).parse().unwrap();
        for package in lock["package"].as_array().unwrap() {
            let is_downloaded = package.get("source").is_some();
            let has_digest = package.get("checksum").is_some();
            assert!(!is_downloaded || has_digest, "{file}: {package}");
        }
    }
}

#[test]
fn tools_are_built_from_their_own_lock_files() {
    let text = read("tools/setup.mk");
    let installs: Vec<_> = text
        .lines()
        .filter(|line| line.contains("cargo install"))
        .collect();
    assert!(!installs.is_empty());
    for line in installs {
        assert!(line.contains("cargo install --locked"), "{line}");
    }
}

fn read(file: impl AsRef<Path>) -> String {
    std::fs::read_to_string(project().join(file)).unwrap()
}
