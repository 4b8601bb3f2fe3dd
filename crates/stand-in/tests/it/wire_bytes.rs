//! The requests, captured on a socket, equal the captures of 3scale's own HTTP clients.

use std::time::Duration;

use chrono::{TimeZone, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::sample;
use stand_in::target::Target;
use stand_in::wire::{self, Answer, BodyFormat};

const SOON: Duration = Duration::from_secs(10);

/// Answers each connection with the next of `answers`; returns the bytes received on each.
async fn peer(answers: Vec<String>) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = tokio::spawn(async move {
        let mut requests = vec![];
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            requests.push(request);
        }
        requests
    });
    (port, requests)
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = vec![];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap();
        assert_ne!(count, 0, "closed in the middle of a request");
        bytes.extend_from_slice(&chunk[..count]);
    }
}

fn status(line: &str) -> String {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n")
}

async fn push(port: u16, format: BodyFormat) -> Answer {
    let target: Target = format!("http://127.0.0.1:{port}/hook?token=s3cret")
        .parse()
        .unwrap();
    wire::push(
        &target,
        &sample("application_key_created_v2.xml"),
        format,
        SOON,
    )
    .await
    .unwrap()
}

/// The sample with the port that the test listens on.
fn on_port(name: &str, port_then: u16, port: u16) -> String {
    sample(name).replace(
        &format!("127.0.0.1:{port_then}"),
        &format!("127.0.0.1:{port}"),
    )
}

#[tokio::test]
async fn a_push_is_rest_clients_request_byte_for_byte() {
    let (port, requests) = peer(vec![status("200 OK")]).await;
    assert!(push(port, BodyFormat::Xml).await.is_success());
    assert_eq!(
        requests.await.unwrap(),
        [on_port("http_request_1_application_xml.http", 9951, port)]
    );
}

#[tokio::test]
async fn a_legacy_push_is_rest_clients_form_byte_for_byte() {
    let (port, requests) = peer(vec![status("200 OK")]).await;
    assert!(push(port, BodyFormat::Form).await.is_success());
    assert_eq!(
        requests.await.unwrap(),
        [on_port("http_request_2_form_legacy.http", 9952, port)]
    );
}

#[tokio::test]
async fn ping_is_httpclients_request_byte_for_byte() {
    let (port, requests) = peer(vec![status("200 OK")]).await;
    let target: Target = format!("http://127.0.0.1:{port}/hook?token=a%2Fb")
        .parse()
        .unwrap();
    let then = Utc.with_ymd_and_hms(2026, 11, 21, 20, 34, 47).unwrap();
    wire::ping(&target, then, SOON).await.unwrap();
    assert_eq!(
        requests.await.unwrap(),
        [on_port("http_request_5_ping.http", 9981, port)]
    );
}

#[tokio::test]
async fn only_200_to_207_is_success() {
    for (line, success) in [
        ("200 OK", true),
        ("202 Accepted", true),
        ("204 No Content", true),
        ("207 Multi-Status", true),
        ("208 Already Reported", false),
        ("226 IM Used", false),
        ("301 Moved Permanently", false),
        ("302 Found", false),
        ("307 Temporary Redirect", false),
        ("304 Not Modified", false),
        ("401 Unauthorized", false),
        ("410 Gone", false),
        ("422 Unprocessable Entity", false),
        ("429 Too Many Requests", false),
        ("503 Service Unavailable", false),
    ] {
        let (port, _requests) = peer(vec![status(line)]).await;
        assert_eq!(
            push(port, BodyFormat::Xml).await.is_success(),
            success,
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_303_is_followed_as_get_and_its_answer_decides() {
    let see_other = "HTTP/1.1 303 See Other\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
    let (port, requests) = peer(vec![see_other.to_owned(), status("404 Not Found")]).await;
    assert_eq!(push(port, BodyFormat::Xml).await.status, 404);
    let requests = requests.await.unwrap();
    assert!(
        requests[1].starts_with("GET /there HTTP/1.1\r\nAccept: */*\r\n"),
        "{}",
        requests[1]
    );
}

#[tokio::test]
async fn user_and_password_in_the_url_become_basic() {
    let (port, requests) = peer(vec![status("200 OK")]).await;
    let target: Target = format!("http://us%65r:p%40ss@127.0.0.1:{port}/hook")
        .parse()
        .unwrap();
    wire::push(&target, "<event/>", BodyFormat::Xml, SOON)
        .await
        .unwrap();
    assert!(
        requests.await.unwrap()[0]
            .contains("\r\nAuthorization: Basic dXNlcjpwQHNz\r\nHost: 127.0.0.1:")
    );
}

#[tokio::test]
async fn a_peer_that_never_answers_is_a_failure_after_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target: Target = format!(
        "http://{}/hook?token=s3cret",
        listener.local_addr().unwrap()
    )
    .parse()
    .unwrap();
    let error = wire::push(
        &target,
        "<event/>",
        BodyFormat::Xml,
        Duration::from_millis(50),
    )
    .await
    .unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "timeout: no answer: deadline has elapsed"
    );
}

#[test]
fn a_target_never_shows_its_secret() {
    let target: Target = "https://user:pw@hooks.example/acme?token=s3cret#x"
        .parse()
        .unwrap();
    assert_eq!(
        format!("{target} {target:?}"),
        "https://hooks.example/acme?… https://hooks.example/acme?…"
    );
    let error = "ftp://hooks.example/?token=s3cret"
        .parse::<Target>()
        .unwrap_err();
    assert!(!format!("{error:#}").contains("s3cret"));
}
