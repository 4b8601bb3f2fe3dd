//! An alarm that got lost, as has been seen on the platform: the cron wakes the inbox, and waiting deliveries are sent.
//! A lost alarm is one that the scheduler has forgotten, whatever the object believes.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use harness::fixtures::database::lose_alarms;
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::Setup;
use harness::fixtures::{PATIENCE, notification};

async fn the_cron_sends_deliveries_that_a_lost_alarm_left(and_its_memory: bool) {
    let origin = Origin::start();
    let mut worker = Setup::default()
        .source("acme", "acme-secret-0123456789", "")
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .started()
        .await;
    origin.plan("/crm", [Reply::Status(500)]);
    let id = worker.accept("acme", &notification("user.created")).await;
    let recorded = async {
        while !worker.log().contains("\"event\":\"attempt\"") {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, recorded).await.unwrap();
    // The alarm for the second attempt, five seconds later, is set right after the record.
    sleep(Duration::from_millis(500)).await;
    worker.kill9();
    // Otherwise the alarm may still exist, and the rest of the test would prove nothing.
    let expected = if and_its_memory { 2 } else { 1 };
    assert_eq!(lose_alarms(&worker, and_its_memory), expected);
    worker = worker.restarted().await;

    sleep(Duration::from_secs(8)).await;
    assert_eq!(origin.requests_at("/crm"), 1, "the alarm was not lost");
    let answer = worker.get("/cdn-cgi/handler/scheduled").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let second = origin.nth_attempt("/crm", &id, 2).await;
    assert_eq!(second.header("webhook-attempt"), "2");
}

#[tokio::test]
async fn the_cron_wakes_an_inbox_whose_alarm_got_lost() {
    the_cron_sends_deliveries_that_a_lost_alarm_left(true).await;
}

#[tokio::test]
async fn the_cron_wakes_an_inbox_that_believes_its_lost_alarm_to_be_set() {
    the_cron_sends_deliveries_that_a_lost_alarm_left(false).await;
}
