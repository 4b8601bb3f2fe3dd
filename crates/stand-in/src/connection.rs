//! One request over one connection, with the headers in the given order and case.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::Context;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::target::Target;

/// The longest response; more is an error.
const MAX_ANSWER: usize = 1024 * 1024;

/// Sends a request to the target and reads the whole response; opening and exchanging get `limit` each.
///
/// # Errors
/// When there is no response: name, connection, TLS, timeout, or not HTTP. No error names the URL's query.
pub(crate) async fn exchange(
    target: &Target,
    request: Request<Full<Bytes>>,
    limit: Duration,
) -> anyhow::Result<Response<Bytes>> {
    let open = TcpStream::connect((target.host(), target.port()));
    let stream = timeout(limit, open)
        .await
        .context("timeout: no connection")?
        .context("no connection")?;
    if !target.is_https() {
        return timeout(limit, send(stream, request))
            .await
            .context("timeout: no answer")?;
    }
    let name = ServerName::try_from(target.host().to_owned())?;
    let handshake = TlsConnector::from(TLS.clone()).connect(name, stream);
    let stream = timeout(limit, handshake)
        .await
        .context("timeout: no TLS")?
        .context("no TLS")?;
    timeout(limit, send(stream, request))
        .await
        .context("timeout: no answer")?
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<Response<Bytes>> {
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    let answer = match answer {
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await;
            body.map(|body| Response::from_parts(head, body.to_bytes()))
                .map_err(|error| anyhow::anyhow!(error))
        }
        Err(error) => Err(error.into()),
    };
    // rest-client closes after each request: no connection is reused for the next event.
    connection.abort();
    answer
}

/// `VERIFY_PEER` over the machine's own certificate store (`SSL_CERT_FILE` works as with OpenSSL).
static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(
        ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
});
