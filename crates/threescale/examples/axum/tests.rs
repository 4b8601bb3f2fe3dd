//! The example listener does what it says.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header::CONTENT_TYPE};
use tower::ServiceExt as _;

use super::listener;

fn sample(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

async fn answer(method: Method, uri: &str, kind: &str, body: Vec<u8>) -> (StatusCode, String) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(CONTENT_TYPE, kind)
        .body(Body::from(body));
    let response = listener("s3cret".to_owned())
        .oneshot(request.unwrap())
        .await
        .unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 16)
        .await
        .unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn it_takes_both_bodies_and_refuses_the_rest() {
    let hook = "/hooks?token=s3cret";
    let xml = "application/xml";
    let (status, text) = answer(
        Method::POST,
        hook,
        xml,
        sample("application_key_created_v2.xml"),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        text.starts_with("key_created TestAccount's App (0d5e01e267aaf175"),
        "{text}"
    );

    let form = sample("http_request_2_form_legacy.http")
        .split(|&byte| byte == b'\n')
        .next_back()
        .unwrap()
        .to_vec();
    let same = answer(
        Method::POST,
        hook,
        "application/x-www-form-urlencoded",
        form,
    )
    .await;
    assert_eq!(same, (StatusCode::OK, text));

    let (status, text) = answer(Method::POST, hook, xml, b"<event>".to_vec()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        text,
        "line 1, column 8: the document ends too early, expected `</event>`"
    );
    let (status, _) = answer(
        Method::POST,
        "/hooks?token=guess",
        xml,
        sample("user_created.xml"),
    )
    .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = answer(
        Method::GET,
        "/hooks?token=s3cret&ping=3scale",
        xml,
        Vec::new(),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
}
