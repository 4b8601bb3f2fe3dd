//! A disk that is full under the runtime: 503 and never a 200 without a commit, no event lost, no outcome mistaken.
//!
//! The state is on a small tmpfs, which only root may mount. Where that is impossible, the variable
//! `NOT_TESTED=full_disk` leaves these tests out; otherwise they fail, so that a missing check is noticed. A read-only
//! disk cannot be tested: the kernel refuses to remount it under open files, and on a disk that is read-only from the
//! beginning workerd does not start.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use harness::deployment::Deployment;
use harness::fixtures::database::change;
use harness::fixtures::notification;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::languages::not_tested;
use stand_in::wire::{self, BodyFormat};

/// A file system of a few megabytes with the state of one Worker.
struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// `None` where we cannot mount, and need not.
    fn under(deployment: &Deployment) -> Option<Self> {
        let at = deployment.state();
        fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "threescale-edge-test"]);
        let mounted = mount
            .arg(&at)
            .output()
            .is_ok_and(|output| output.status.success());
        let left_out = not_tested("full_disk");
        assert!(
            mounted || left_out,
            "a full disk cannot be tried: mounting a tmpfs needs root. NOT_TESTED=full_disk leaves it out"
        );
        mounted.then(|| Self { at })
    }

    /// Fills the disk to the last byte.
    fn fill(&self) {
        let mut ballast = File::create(self.at.join("ballast")).unwrap();
        while ballast.write_all(&[0; 4096]).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.at.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the runtime may still have its files open.
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// A Worker whose state is on a small disk. Dropped in this order, so that the disk goes before the folder that
/// contains it.
async fn start(origin: &Origin) -> Option<(Worker, SmallDisk)> {
    let url = origin.url("/crm");
    let setup = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .destination("crm", &format!("url = \"{url}\""))
        .secret("ALLOW_LOCAL_TARGETS", "true");
    tokio::task::spawn_blocking(|| {
        let mut disk = None;
        let worker = setup.start_with(|deployment| disk = SmallDisk::under(deployment));
        Some((worker, disk?))
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_full_disk_gives_503_and_a_refused_notification_is_new_when_sent_again() {
    let origin = Origin::start();
    let Some((worker, disk)) = start(&origin).await else {
        return;
    };
    let before = worker.accept("acme", &notification("user.created")).await;
    origin.delivery("/crm", &before).await;
    disk.fill();
    let hook = worker.url(&worker.hook("acme")).parse().unwrap();
    let mut refused = vec![];
    let mut accepted = vec![];
    for _ in 0..60 {
        let event = notification("application.created");
        let answer = wire::push(
            &hook,
            &event.xml(),
            BodyFormat::Xml,
            Duration::from_secs(20),
        )
        .await;
        match answer {
            // The existing files may have room for some more.
            Ok(answer) if answer.status == 200 => {
                let id = answer.body.split('"').nth(3).unwrap().to_owned();
                accepted.push(id);
            }
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{}", answer.body);
                assert!(answer.body.contains("\"unavailable\""), "{}", answer.body);
                refused.push(event);
            }
            Err(_) => refused.push(event),
        }
    }
    println!("accepted {} refused {}", accepted.len(), refused.len());
    assert!(!refused.is_empty(), "the disk was not full");
    disk.free();
    for event in &refused {
        let receipt = worker.push("acme", &event.xml(), BodyFormat::Xml).await;
        accepted.push(receipt.id);
    }
    for id in &accepted {
        origin.delivery("/crm", id).await;
    }
}

/// The inbox has no tables yet, and cannot make them.
#[tokio::test]
async fn an_inbox_that_cannot_be_opened_gives_503_and_opens_once_there_is_room() {
    let origin = Origin::start();
    let Some((worker, disk)) = start(&origin).await else {
        return;
    };
    disk.fill();
    let hook = worker.url(&worker.hook("acme")).parse().unwrap();
    let event = notification("user.created").xml();
    for _ in 0..3 {
        let answer = wire::push(&hook, &event, BodyFormat::Xml, Duration::from_secs(20)).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    disk.free();
    let receipt = worker.push("acme", &event, BodyFormat::Xml).await;
    assert_eq!(receipt.status, "accepted");
    origin.delivery("/crm", &receipt.id).await;
}

/// The origin has answered 204 and the outcome cannot be written: the delivery is not a failure of the origin's, so it
/// is tried again as the same attempt.
#[tokio::test]
async fn a_failure_to_record_is_not_a_failure_to_deliver() {
    let origin = Origin::start();
    let Some((worker, disk)) = start(&origin).await else {
        return;
    };
    origin.plan("/crm", [Reply::Held(204)]);
    let id = worker.accept("acme", &notification("user.created")).await;
    origin.delivery("/crm", &id).await;
    disk.fill();
    origin.release();
    sleep(Duration::from_secs(2)).await;
    disk.free();
    let again = origin.nth_attempt("/crm", &id, 2).await;
    assert_eq!(again.header("webhook-attempt"), "1", "{}", worker.log());
}

/// The disk takes events, but for ten seconds no outcomes: a trigger refuses them. The outcome is written a minute later,
/// and until then nothing is sent to that destination, however fast its origin answers.
#[tokio::test]
async fn an_outcome_that_cannot_be_written_pauses_its_destination_for_a_minute() {
    let origin = Origin::start();
    let mut worker = Setup::bare()
        .source("acme", "acme-secret-0123456789", "")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await;
    let before = worker.accept("acme", &notification("user.created")).await;
    origin.delivery("/crm", &before).await;
    sleep(Duration::from_secs(1)).await;
    worker.kill9();
    let until = chrono::Utc::now().timestamp() + 10;
    let trigger = format!(
        "CREATE TRIGGER refuse BEFORE UPDATE ON destinations WHEN unixepoch() < {until}
         BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
    );
    change(&worker, &[trigger]);
    let worker = worker.restarted().await;

    let first = worker.accept("acme", &notification("user.created")).await;
    let begin = origin.delivery("/crm", &first).await.at;
    let is_refused = || worker.log().contains("refused by the test");
    let refused = async {
        while !is_refused() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let refused = timeout(Duration::from_secs(5), refused).await;
    assert!(refused.is_ok(), "{}", worker.log());
    let second = worker.accept("acme", &notification("user.created")).await;
    let arrived = async {
        while origin.attempts("/crm", &second).is_empty() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let arrived = timeout(Duration::from_secs(90), arrived).await;
    assert!(arrived.is_ok(), "{}", worker.log());
    let paused = origin.attempts("/crm", &second)[0].at - begin;
    println!("paused for {paused:?}");
    assert!(paused > Duration::from_secs(58), "{paused:?}");
    sleep(Duration::from_secs(1)).await;
    // The inbox stays in memory until the outcome is written, so the first is not sent again.
    assert_eq!(origin.attempts("/crm", &first).len(), 1, "{}", worker.log());
    assert_eq!(origin.attempts("/crm", &second).len(), 1);
}
