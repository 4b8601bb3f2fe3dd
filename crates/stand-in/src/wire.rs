//! 3scale's requests on the wire: rest-client 2.0.2's POST and `HTTPClient` 2.8.3's Ping!

use std::io::Read;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use flate2::read::{GzDecoder, ZlibDecoder};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Response};

use crate::connection::exchange;
use crate::target::Target;

/// `Net::HTTP`'s default for opening and for reading: porta sets none.
pub const TIMEOUT: Duration = Duration::from_mins(1);

const REST_CLIENT: &str = "rest-client/2.0.2 (linux-gnu x86_64) ruby/3.1.2p20";
const HTTP_CLIENT: &str = "HTTPClient/1.0 (2.8.3, ruby 3.1.2 (2022-04-12))";
/// rest-client's own limit.
const MAX_REDIRECTS: usize = 10;

/// The format of the body: `push_application_content_type` of the webhook's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyFormat {
    /// The document itself: every tenant since 2012.
    #[default]
    Xml,
    /// `params[xml]=…`: rows that were changed in the database.
    Form,
}

/// The answer to a push or a ping.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body as text, decompressed.
    pub body: String,
}

impl Answer {
    /// `true` if rest-client takes it for success; all else raises, and Sidekiq tries again.
    pub fn is_success(&self) -> bool {
        (200..=207).contains(&self.status)
    }
}

/// Pushes a document; a 303 is followed as GET, and its response decides.
///
/// # Errors
/// When there was no response at all, or more than ten redirects.
pub async fn push(
    target: &Target,
    xml: &str,
    format: BodyFormat,
    limit: Duration,
) -> anyhow::Result<Answer> {
    let mut at = target.clone();
    let mut answer = exchange(&at, push_request(&at, xml, format)?, limit).await?;
    for _ in 0..MAX_REDIRECTS {
        let location = answer
            .headers()
            .get("location")
            .and_then(|location| location.to_str().ok());
        let Some(location) = location.filter(|_| answer.status() == 303) else {
            return Ok(read(&answer));
        };
        at = at
            .join(location)
            .context("the Location of a 303 cannot be followed")?;
        answer = exchange(&at, follow_request(&at, format)?, limit).await?;
    }
    anyhow::bail!("more than {MAX_REDIRECTS} redirects")
}

/// The Ping! button: a GET whose status the page shows, whatever it is; redirects are not followed.
///
/// # Errors
/// When there was no response.
pub async fn ping(target: &Target, now: DateTime<Utc>, limit: Duration) -> anyhow::Result<Answer> {
    Ok(read(
        &exchange(target, ping_request(target, now)?, limit).await?,
    ))
}

fn push_request(
    target: &Target,
    xml: &str,
    format: BodyFormat,
) -> anyhow::Result<Request<Full<Bytes>>> {
    let body = match format {
        BodyFormat::Xml => xml.to_owned(),
        BodyFormat::Form => form(xml),
    };
    let length = ("content-length", body.len().to_string());
    let content_type = ("content-type", media_type(format).to_owned());
    let mut headers = default_headers();
    // An explicitly set header comes before the computed length; the form's own type after it.
    headers.extend(match format {
        BodyFormat::Xml => [content_type, length],
        BodyFormat::Form => [length, content_type],
    });
    headers.extend(target.basic().map(|basic| ("authorization", basic)));
    headers.push(("host", target.host_header()));
    request(Method::POST, target.request_target(), headers, body)
}

/// A followed 303 repeats the headers that porta set, without the body.
fn follow_request(target: &Target, format: BodyFormat) -> anyhow::Result<Request<Full<Bytes>>> {
    let mut headers = default_headers();
    if format == BodyFormat::Xml {
        headers.push(("content-type", media_type(format).to_owned()));
    }
    headers.push(("host", target.host_header()));
    request(Method::GET, target.request_target(), headers, String::new())
}

/// `user:password@` of the URL is not sent by `HTTPClient`.
fn ping_request(target: &Target, now: DateTime<Utc>) -> anyhow::Result<Request<Full<Bytes>>> {
    let headers = vec![
        ("user-agent", HTTP_CLIENT.to_owned()),
        ("accept", "*/*".to_owned()),
        ("date", now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        ("host", target.host_header()),
    ];
    request(Method::GET, &target.with_ping(), headers, String::new())
}

fn default_headers() -> Vec<(&'static str, String)> {
    vec![
        ("accept", "*/*".into()),
        ("accept-encoding", "gzip, deflate".into()),
        ("user-agent", REST_CLIENT.into()),
    ]
}

fn media_type(format: BodyFormat) -> &'static str {
    match format {
        BodyFormat::Xml => "application/xml",
        BodyFormat::Form => "application/x-www-form-urlencoded",
    }
}

/// rest-client flattens `{params: {xml: …}}` with literal brackets; only the value is encoded.
fn form(xml: &str) -> String {
    let value: String = form_urlencoded::byte_serialize(xml.as_bytes()).collect();
    format!("params[xml]={value}")
}

fn request(
    method: Method,
    target: &str,
    headers: Vec<(&'static str, String)>,
    body: String,
) -> anyhow::Result<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .body(Full::from(body))?;
    for (name, value) in headers {
        request.headers_mut().append(
            HeaderName::from_static(name),
            HeaderValue::from_str(&value)?,
        );
    }
    Ok(request)
}

/// rest-client asks for gzip and deflate, and decodes them; a body that is not as declared stays as it came.
fn read(answer: &Response<Bytes>) -> Answer {
    let raw = answer.body().as_ref();
    let mut plain = vec![];
    let decoded = match answer
        .headers()
        .get("content-encoding")
        .map(HeaderValue::as_bytes)
    {
        Some(b"gzip") => GzDecoder::new(raw).read_to_end(&mut plain),
        Some(b"deflate") => ZlibDecoder::new(raw).read_to_end(&mut plain),
        _ => Read::read_to_end(&mut &*raw, &mut plain),
    };
    let body = if decoded.is_ok() { &plain } else { raw };
    Answer {
        status: answer.status().as_u16(),
        body: String::from_utf8_lossy(body).into_owned(),
    }
}
