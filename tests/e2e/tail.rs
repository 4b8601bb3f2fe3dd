//! The live tail: a bell over a WebSocket.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest, http};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use harness::fixtures::operator::{TOKEN, call, post};
use harness::fixtures::origin::{Origin, Reply};
use harness::fixtures::worker::{Setup, Worker};
use harness::fixtures::{contract, notification};
use stand_in::notifications::Notification;

use super::idle::{count, pending_timers, watch};

const PATIENCE: Duration = Duration::from_secs(15);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn setup(origin: &Origin, shards: u32) -> Setup {
    let acme = format!("shards = {shards}");
    Setup::bare()
        .source("acme", "acme-secret-0123456789", &acme)
        .source("other", "other-secret-0123456789", "")
        .secret("ALLOW_LOCAL_TARGETS", "true")
        .secret(
            "CONSOLE_TOKEN",
            &format!("{TOKEN} grafana:read:a-readers-token"),
        )
        .destination("crm", &format!("url = \"{}\"", origin.url("/crm")))
}

async fn try_to_listen(worker: &Worker, query: &str, token: &str) -> tungstenite::Result<Socket> {
    let url = worker
        .url(&format!("/api/v1/tail{query}"))
        .replace("http:", "ws:");
    let mut request = url.into_client_request().unwrap();
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn listen(worker: &Worker, query: &str) -> Socket {
    try_to_listen(worker, query, TOKEN).await.unwrap()
}

async fn text(socket: &mut Socket) -> String {
    let next = timeout(PATIENCE, socket.next())
        .await
        .expect("it rings in time");
    next.unwrap().unwrap().into_text().unwrap().to_string()
}

async fn ring(socket: &mut Socket) -> Value {
    let ring: Value = serde_json::from_str(&text(socket).await).unwrap();
    contract::check_thing("Ring", &ring);
    ring
}

/// Rings until each of these has been among the news.
async fn rings_for(socket: &mut Socket, news: &[&str]) -> Vec<Value> {
    let mut left: BTreeSet<_> = news
        .iter()
        .map(|one| Value::from(*one))
        .map(|v| v.to_string())
        .collect();
    let mut all = vec![];
    while !left.is_empty() {
        let one = ring(socket).await;
        for what in one["news"].as_array().unwrap() {
            left.remove(&what.to_string());
        }
        all.push(one);
    }
    all
}

async fn is_quiet(socket: &mut Socket) {
    let next = timeout(Duration::from_millis(1500), socket.next()).await;
    assert!(next.is_err(), "{next:?}");
}

fn refusal(refused: tungstenite::Result<Socket>) -> (u16, Value) {
    match refused.map(|_| ()) {
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (
                response.status().as_u16(),
                serde_json::from_slice(body).unwrap_or_default(),
            )
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_rings_for_an_event_its_delivery_and_replays() {
    let origin = Origin::start();
    let worker = setup(&origin, 1).started().await;
    let mut socket = listen(&worker, "?source=acme").await;
    let id = worker.accept("acme", &notification("user.created")).await;
    let rings = rings_for(&mut socket, &["event", "delivery"]).await;
    assert_eq!(
        (&rings[0]["after"], &rings[0]["source"]),
        (&json!(id), &json!("acme"))
    );
    is_quiet(&mut socket).await;

    origin.plan("/crm", [Reply::Status(500)]);
    worker.accept("acme", &notification("user.created")).await;
    rings_for(&mut socket, &["event", "delivery"]).await;

    post(
        &worker,
        &format!("/events/{id}/replay"),
        &json!({}),
        StatusCode::OK,
    )
    .await;
    rings_for(&mut socket, &["replay_began", "delivery"]).await;
    let replay = json!({ "type": "user" });
    post(&worker, "/replays", &replay, StatusCode::ACCEPTED).await;
    rings_for(&mut socket, &["replay_began", "replay_ended"]).await;

    // What happens elsewhere is not told here.
    worker.accept("other", &notification("user.created")).await;
    let rings = timeout(Duration::from_secs(2), ring(&mut socket)).await;
    assert!(rings.is_err() || rings.unwrap()["source"] == "acme");
}

#[tokio::test]
async fn a_second_has_one_ring_at_the_most_and_the_last_event_is_told() {
    let origin = Origin::start();
    let worker = setup(&origin, 1).started().await;
    let mut socket = listen(&worker, "?source=acme").await;
    let began = chrono::Utc::now();
    let mut last = String::new();
    for _ in 0..60 {
        last = worker.accept("acme", &notification("user.created")).await;
        sleep(Duration::from_millis(30)).await;
    }
    let mut rings = vec![];
    while let Ok(Some(frame)) = timeout(Duration::from_millis(1500), socket.next()).await {
        let ring: Value = serde_json::from_str(frame.unwrap().to_text().unwrap()).unwrap();
        rings.push(ring);
    }
    let seconds = usize::try_from((chrono::Utc::now() - began).num_seconds()).unwrap() + 2;
    assert!(
        (2..=seconds).contains(&rings.len()),
        "{} rings in {seconds} s",
        rings.len()
    );
    assert_eq!(rings.last().unwrap()["after"], last);
}

#[tokio::test]
async fn one_socket_is_enough_for_all_inboxes_of_all_sources() {
    let origin = Origin::start();
    let worker = setup(&origin, 4).started().await;
    let mut socket = listen(&worker, "").await;
    let account = |id| Notification::of("account.created".parse().unwrap()).id(id);
    let mut ids = BTreeSet::new();
    for id in 0..12 {
        ids.insert(worker.accept("acme", &account(7000 + id)).await);
    }
    ids.insert(worker.accept("other", &account(1)).await);
    let mut sources = BTreeSet::new();
    let mut told = BTreeSet::new();
    while let Ok(Some(frame)) = timeout(Duration::from_secs(2), socket.next()).await {
        let ring: Value = serde_json::from_str(frame.unwrap().to_text().unwrap()).unwrap();
        sources.insert(ring["source"].to_string());
        let after = ring["after"].as_str().unwrap().to_owned();
        assert!(ids.contains(&after));
        // The inbox's number is in the id: its last byte but three.
        told.insert(after[28..30].to_owned());
    }
    assert_eq!(sources.len(), 2);
    assert!(told.len() > 1, "several inboxes: {told:?}");
    // Every inbox answers.
    socket.send(Message::text("ping")).await.unwrap();
    assert_eq!(text(&mut socket).await, "pong");
}

#[tokio::test]
async fn who_may_not_listen_is_told_why() {
    let origin = Origin::start();
    let worker = setup(&origin, 2).started().await;
    let status = |(status, problem): (u16, Value)| (status, problem["code"].clone());
    let refused = try_to_listen(&worker, "", "wrong").await;
    assert_eq!(status(refusal(refused)), (401, json!("unauthorized")));
    let refused = try_to_listen(&worker, "?source=acne", TOKEN).await;
    assert_eq!(status(refusal(refused)), (400, json!("invalid_parameter")));
    assert!(try_to_listen(&worker, "", "a-readers-token").await.is_ok());
    let plain = call(&worker, Method::GET, "/tail", "").await;
    assert_eq!(
        status((plain.status.as_u16(), plain.json())),
        (426, json!("upgrade_required"))
    );
    let other = reqwest::Client::new()
        .get(worker.url("/api/v1/tail"))
        .bearer_auth(TOKEN)
        .header(http::header::CONNECTION, "upgrade")
        .header(http::header::UPGRADE, "tls/1.2");
    assert_eq!(other.send().await.unwrap().status(), 426);
}

#[tokio::test]
async fn so_many_listen_and_no_more_until_one_has_gone() {
    let origin = Origin::start();
    let worker = setup(&origin, 1).started().await;
    let mut sockets = vec![];
    for _ in 0..64 {
        sockets.push(listen(&worker, "?source=acme").await);
    }
    let (status, problem) = refusal(try_to_listen(&worker, "?source=acme", TOKEN).await);
    assert_eq!(
        (status, &problem["code"]),
        (429, &json!("too_many_listeners"))
    );
    // Nor as one of several inboxes; the others let go.
    let (status, _) = refusal(try_to_listen(&worker, "", TOKEN).await);
    assert_eq!(status, 429);
    drop(sockets.pop());
    let again = async {
        while try_to_listen(&worker, "?source=acme", TOKEN).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("a place is free");
}

/// The runtime removes an inbox from memory after ten seconds without a request.
#[tokio::test]
async fn an_idle_listener_keeps_no_inbox_awake_and_stays_connected() {
    let origin = Origin::start();
    let starting = setup(&origin, 1);
    let worker = tokio::task::spawn_blocking(|| starting.start_with(watch))
        .await
        .unwrap();
    let opened = || count(&worker, "\"inbox\":\"opened\"");
    let mut alone = listen(&worker, "?source=acme").await;
    let mut joined = listen(&worker, "").await;
    worker.accept("acme", &notification("user.created")).await;
    for socket in [&mut alone, &mut joined] {
        rings_for(socket, &["event", "delivery"]).await;
        is_quiet(socket).await;
    }
    assert_eq!(pending_timers(&worker).last(), Some(&0));
    let before = opened();
    sleep(Duration::from_secs(12)).await;
    // A ping wakes nothing.
    for socket in [&mut alone, &mut joined] {
        socket.send(Message::text("ping")).await.unwrap();
        assert_eq!(text(socket).await, "pong");
    }
    assert_eq!(opened(), before);
    worker.accept("acme", &notification("user.created")).await;
    assert_eq!(opened(), before + 1, "it was out of memory");
    for socket in [&mut alone, &mut joined] {
        rings_for(socket, &["event", "delivery"]).await;
    }
}
