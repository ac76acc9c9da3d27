//! A connection to a server: TCP, TLS, and HTTP/1.1 on it.

use super::error::FetchError;
use super::place::Place;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// The largest header of an answer, and the most that is read at once, in bytes.
const MAX_BUFFER_BYTES: usize = 64 << 10;
/// The most lines of a header.
const MAX_HEADERS: usize = 64;

/// Bytes to and from a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

type Dialled = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// Opens a stream to a host and a port.
pub(super) type Dial = Arc<dyn Fn(&Place) -> Dialled + Send + Sync>;

/// An answer whose body has not been read. The connection ends with it.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    _connection: JoinSet<()>,
}

/// Opens TCP connections.
pub(super) fn over_tcp() -> Dial {
    Arc::new(|place| {
        let (host, port) = (place.host().to_owned(), place.port());
        Box::pin(async move { Ok(Box::new(TcpStream::connect((host, port)).await?) as Box<dyn Stream>) })
    })
}

/// Sends a request on a new connection, and reads the header of the answer.
pub(super) async fn ask(
    place: &Place,
    dial: &Dial,
    tls: &Arc<ClientConfig>,
    request: Request<String>,
) -> Result<Answer, FetchError> {
    let stream = dial(place).await.map_err(FetchError::Connection)?;
    let stream = TlsConnector::from(tls.clone()).connect(place.server_name()?, stream);
    let stream = stream.await.map_err(FetchError::Connection)?;
    let mut http = http1::Builder::new();
    http.max_buf_size(MAX_BUFFER_BYTES).max_headers(MAX_HEADERS);
    let (mut requests, connection) = http.handshake(TokioIo::new(stream)).await?;
    let mut working = JoinSet::new();
    working.spawn(async move {
        // What goes wrong is also told to the reader of the answer.
        if let Err(error) = connection.await {
            tracing::debug!("the connection to a file server: {error}");
        }
    });
    let response = requests.send_request(request).await?;
    Ok(Answer { response, _connection: working })
}
