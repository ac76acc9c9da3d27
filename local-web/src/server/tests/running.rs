//! A server that runs in a thread of its own, with a small application, and what its answers must be like.

use crate::answer::{Answer, Kind};
use crate::asked::Asked;
use crate::limits::Limits;
use crate::server::{Ended, LocalServer, Stop};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A server that runs until it is dropped. Its application notes what reaches it.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) link: String,
    pub(super) stop: Stop,
    reached: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<Ended>>,
}

impl Running {
    pub(super) fn start() -> Self {
        Self::within(Limits::USUAL)
    }

    pub(super) fn within(limits: Limits) -> Self {
        let server = LocalServer { limits, ..LocalServer::listen(0).unwrap() };
        let (address, link, stop) = (server.address(), server.link(), server.stop());
        let reached = Arc::new(Mutex::new(Vec::new()));
        let noted = reached.clone();
        let thread = thread::spawn(move || server.run(move |asked| application(asked, noted.clone())).unwrap());
        Self { address, link, stop, reached, thread: Some(thread) }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Everything that the server answers to these bytes, until it closes the connection.
    pub(super) fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).unwrap();
        let mut answer = Vec::new();
        // The server may close the connection before it has read everything.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
        String::from_utf8(answer).unwrap()
    }

    /// A head for this server.
    pub(super) fn head(&self, line: &str, more: &[&str]) -> String {
        let more: String = more.iter().map(|line| format!("{line}\r\n")).collect();
        format!("{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}\r\n", self.address)
    }

    pub(super) fn follow_link(&self) -> String {
        let target = self.link.strip_prefix(&format!("http://{}", self.address)).unwrap();
        self.send(self.head(&format!("GET {target}"), &["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"]))
    }

    /// Follows the link; the line with the session's cookie.
    pub(super) fn cookie(&self) -> String {
        let answer = self.follow_link();
        let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        format!("Cookie: {}", set.split(';').next().unwrap())
    }

    pub(super) fn origin(&self) -> String {
        format!("Origin: http://{}", self.address)
    }

    pub(super) fn reached(&self) -> Vec<String> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn end(mut self) -> Ended {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.stop();
        self.thread.take().map(JoinHandle::join);
    }
}

async fn application(mut asked: Asked, noted: Arc<Mutex<Vec<String>>>) -> Answer {
    let what = format!("{:?} {}", asked.method(), asked.parts().join("/"));
    noted.lock().unwrap().push(what.clone());
    match &what[..] {
        "Post form" => match asked.form().await {
            Ok(form) => Answer::of(Kind::Text, format!("{:?}", form.iter().collect::<Vec<_>>())),
            Err(refusal) => refusal.into(),
        },
        "Post bytes" => match asked.bytes(10).await {
            Ok(bytes) => Answer::of(Kind::Binary, bytes),
            Err(refusal) => refusal.into(),
        },
        "Get bug" => panic!("a bug of the application"),
        "Get events" => {
            let (texts, receiver) = tokio::sync::mpsc::channel(2);
            texts.send("1 of 2".to_owned()).await.unwrap();
            texts.send("2 of 2".to_owned()).await.unwrap();
            Answer::events(receiver)
        }
        _ => Answer::of(Kind::Text, what),
    }
}

pub(super) fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

/// Checks an answer that passed hyper's reading of the request.
#[track_caller]
pub(super) fn check(answer: &str, expected: &str) {
    assert_eq!(status(answer), expected, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    for header in [
        "cache-control: no-store\r\n",
        "content-security-policy: default-src 'none'; ",
        "x-content-type-options: nosniff\r\n",
        "x-frame-options: DENY\r\n",
        "referrer-policy: same-origin\r\n",
        "cross-origin-opener-policy: same-origin\r\n",
        "cross-origin-resource-policy: same-origin\r\n",
        "cross-origin-embedder-policy: require-corp\r\n",
        "permissions-policy: camera=(self), ",
        "content-type: ",
    ] {
        assert!(answer.contains(header), "{header} is missing: {answer}");
    }
    let answer = answer.to_lowercase();
    assert!(!answer.contains("\r\nserver:") && !answer.contains("access-control-allow"), "{answer}");
}

/// Checks hyper's own answer to what is not HTTP, or too large.
#[track_caller]
pub(super) fn check_empty(answer: &str, expected: &str) {
    assert_eq!(status(answer), expected, "{answer}");
    assert!(answer.contains("content-length: 0\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}
