//! An HTTPS server for tests, with a script for each connection.

use super::connection::{Dial, Stream};
use super::download::Fetcher;
use super::limits::Limits;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// What a server does on one connection, after it has read the request. Then it ends the connection.
pub(crate) struct Script(pub(crate) Vec<Step>);

pub(crate) enum Step {
    Send(Vec<u8>),
    /// Sends this again and again, with a pause in between, until the link hangs up.
    SendForEver(Vec<u8>, Duration),
    /// Does nothing until the link hangs up.
    Hang,
}

/// A server.
pub(crate) struct Server {
    tls: Arc<ServerConfig>,
    believed: Arc<ClientConfig>,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Script {
    pub(crate) fn raw(answer: &str) -> Self {
        Self(vec![Step::Send(answer.as_bytes().to_vec())])
    }

    pub(crate) fn header(bytes: usize, tag: &str) -> Vec<u8> {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\netag: {tag}\r\n\r\n").into_bytes()
    }

    /// The whole file.
    pub(crate) fn file(file: &[u8]) -> Self {
        Self(vec![Step::Send(Self::header(file.len(), "\"1\"")), Step::Send(file.to_vec())])
    }

    /// The file from this byte on.
    pub(crate) fn rest(file: &[u8], from: usize, tag: &str) -> Self {
        let (of, last) = (file.len(), file.len() - 1);
        let header = format!(
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {from}-{last}/{of}\r\ncontent-length: {}\r\netag: {tag}\r\n\r\n",
            of - from
        );
        Self(vec![Step::Send(header.into_bytes()), Step::Send(file[from..].to_vec())])
    }
}

impl Server {
    /// A server that the link believes.
    pub(crate) fn new(scripts: Vec<Script>) -> Self {
        let issuer = authority();
        let believed = believing(issuer.der());
        Self::certified_by(&issuer, believed, scripts)
    }

    /// A server whose certificate is by somebody else.
    pub(crate) fn of_a_stranger(scripts: Vec<Script>) -> Self {
        Self::certified_by(&authority(), believing(authority().der()), scripts)
    }

    fn certified_by(
        issuer: &CertifiedIssuer<'static, KeyPair>,
        believed: Arc<ClientConfig>,
        scripts: Vec<Script>,
    ) -> Self {
        let key = KeyPair::generate().unwrap();
        let names = ["files.example", "a.example", "localhost"].map(str::to_owned);
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = builder.with_no_client_auth().with_single_cert(vec![certificate.into()], key).unwrap();
        Self { tls: Arc::new(tls), believed, scripts: Arc::new(Mutex::new(scripts.into())), requests: Arc::default() }
    }

    /// Fetches from this server, whichever host is asked for.
    pub(crate) fn fetcher(&self, folder: &Path) -> Fetcher {
        Fetcher::new(folder, self.believed.clone(), Vec::new(), Limits::default()).with_dial(self.dial())
    }

    /// What was asked, on all connections so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Serves on real connections.
    pub(crate) async fn listen(&self) -> std::net::SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, dial) = (listener.local_addr().unwrap(), self.dial());
        let here: super::place::Place = "https://localhost/".parse().unwrap();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut server = dial(&here).await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await.ok() });
            }
        });
        address
    }

    pub(crate) fn believed(&self) -> Arc<ClientConfig> {
        self.believed.clone()
    }

    fn dial(&self) -> Dial {
        let (tls, scripts, requests) = (self.tls.clone(), self.scripts.clone(), self.requests.clone());
        Arc::new(move |_| {
            let (here, there) = tokio::io::duplex(64 << 10);
            tokio::spawn(serve(there, tls.clone(), scripts.clone(), requests.clone()));
            Box::pin(async { Ok(Box::new(here) as Box<dyn Stream>) })
        })
    }
}

async fn serve(
    stream: tokio::io::DuplexStream,
    tls: Arc<ServerConfig>,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    requests: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let mut client = TlsAcceptor::from(tls).accept(stream).await.ok()?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(client.read_u8().await.ok()?);
    }
    requests.lock().unwrap().push(String::from_utf8(request).unwrap());
    let script = scripts.lock().unwrap().pop_front().expect("a script for each connection");
    for step in script.0 {
        match step {
            Step::Send(bytes) => client.write_all(&bytes).await.ok()?,
            Step::SendForEver(bytes, pause) => loop {
                client.write_all(&bytes).await.ok()?;
                client.flush().await.ok()?;
                sleep(pause).await;
            },
            Step::Hang => drop(client.read_u8().await),
        }
        client.flush().await.ok()?;
    }
    client.shutdown().await.ok()
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn believing(authority: &CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}
