//! A unit for tests: real Unix sockets in a temporary folder, with scripted answers.

use super::Unit;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A unit that listens until it is dropped.
pub(crate) struct ScriptedUnit {
    folder: TempDir,
    serving: Mutex<JoinSet<()>>,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
    state: watch::Sender<State>,
}

/// What a unit says on its status socket.
#[derive(Clone)]
struct State {
    report: String,
    /// The sequence number of the oldest record that is kept, and of the last one.
    kept_from: u64,
    last: u64,
}

/// What a unit does with a delivered database.
#[derive(Clone, Copy)]
pub(crate) enum Delivery<'a> {
    /// Reads all of it, and then sends this.
    Receipt(&'a str),
    /// Sends this at once, and ends the connection.
    EarlyReceipt(&'a str),
    TakesNothing,
    NoReceipt,
}

/// A line of a log as far as a link reads it.
pub(crate) fn record(sequence: u64) -> String {
    format!(r#"{{"schema":1,"sequence":{sequence},"utc_ms":5,"event":"door_held","previous":"{:064x}"}}"#, sequence - 1)
}

impl ScriptedUnit {
    pub(crate) fn new() -> Self {
        let state = State { report: r#"{"schema":1}"#.to_owned(), kept_from: 1, last: 0 };
        let (state, _) = watch::channel(state);
        Self { folder: tempfile::tempdir().unwrap(), serving: Mutex::default(), asked: Arc::default(), state }
    }

    pub(crate) fn client(&self) -> Unit {
        let [status, link, receive] = ["status", "link", "receive"].map(|name| self.folder.path().join(name));
        Unit::at(&status, &link, &receive)
    }

    /// Answers this request with one line, or not at all.
    pub(crate) fn answer_status(&self, request: &str, answer: Option<&str>) {
        match answer {
            Some(answer) => self.answer_and_end(request, &format!("{answer}\n")),
            None => self.stream(request, ""),
        }
    }

    /// Answers this request and ends the connection.
    pub(crate) fn answer_and_end(&self, request: &str, answer: &str) {
        self.status(request, answer, false);
    }

    /// Answers this request and keeps the connection open.
    pub(crate) fn stream(&self, request: &str, answer: &str) {
        self.status(request, answer, true);
    }

    fn status(&self, request: &str, answer: &str, stays: bool) {
        let (request, answer) = (request.to_owned(), answer.to_owned());
        self.serve("status", move |client, _| {
            let (request, answer) = (request.clone(), answer.clone());
            async move {
                let mut client = BufReader::new(client);
                let mut asked = String::new();
                client.read_line(&mut asked).await.unwrap();
                assert_eq!(asked, request);
                // The other end may have heard enough.
                client.write_all(answer.as_bytes()).await.ok();
                if stays {
                    client.read_to_end(&mut Vec::new()).await.ok();
                }
            }
        });
    }

    /// Answers every request on the status socket as a unit does.
    pub(crate) fn state(&self) {
        let state = self.state.subscribe();
        self.serve("status", move |client, _| {
            let state = state.clone();
            async move {
                let mut client = BufReader::new(client);
                let mut asked = String::new();
                client.read_line(&mut asked).await.ok();
                // The other end may hang up at any time.
                said(client.into_inner(), asked.trim_end(), state).await.ok();
            }
        });
    }

    /// Reports this from now on.
    pub(crate) fn report(&self, report: &str) {
        self.state.send_modify(|state| state.report = report.to_owned());
    }

    /// Writes this many records to the log.
    pub(crate) fn append(&self, records: u64) {
        self.state.send_modify(|state| state.last += records);
    }

    /// Removes the records before this one.
    pub(crate) fn prune(&self, before: u64) {
        self.state.send_modify(|state| state.kept_from = before);
    }

    /// Listens on no socket any more, and ends all connections.
    pub(crate) fn go_away(&self) {
        self.serving.lock().unwrap().abort_all();
        for name in ["status", "link", "receive"] {
            std::fs::remove_file(self.folder.path().join(name)).ok();
        }
    }

    /// Answers each request to the socket for links with this line.
    pub(crate) fn answer_link(&self, answer: &str) {
        let answer = format!("{answer}\n");
        self.serve("link", move |client, asked| {
            let answer = answer.clone();
            async move {
                let mut client = BufReader::new(client);
                let mut line = String::new();
                client.read_line(&mut line).await.unwrap();
                asked.lock().unwrap().push(line.trim_end().into());
                client.write_all(answer.as_bytes()).await.unwrap();
            }
        });
    }

    pub(crate) fn asked_of_link(&self) -> Vec<String> {
        self.received().into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
    }

    /// What has arrived on the sockets for links and for databases.
    pub(crate) fn received(&self) -> Vec<Vec<u8>> {
        self.asked.lock().unwrap().clone()
    }

    /// Takes databases.
    pub(crate) fn receive(&self, delivery: Delivery<'_>) {
        let (receipt, reads, answers) = match delivery {
            Delivery::Receipt(receipt) => (receipt.to_owned(), true, true),
            Delivery::EarlyReceipt(receipt) => (receipt.to_owned(), false, true),
            Delivery::TakesNothing => (String::new(), false, false),
            Delivery::NoReceipt => (String::new(), true, false),
        };
        self.serve("receive", move |mut client, received| {
            let receipt = receipt.clone();
            async move {
                let mut bytes = Vec::new();
                if reads {
                    client.read_to_end(&mut bytes).await.unwrap();
                    received.lock().unwrap().push(bytes);
                }
                match answers {
                    true => client.write_all(receipt.as_bytes()).await.unwrap_or_default(),
                    false => std::future::pending().await,
                }
            }
        });
    }

    fn serve<F: Future<Output = ()> + Send + 'static>(
        &self,
        name: &str,
        answer: impl Fn(UnixStream, Arc<Mutex<Vec<Vec<u8>>>>) -> F + Send + 'static,
    ) {
        let path: &Path = &self.folder.path().join(name);
        std::fs::remove_file(path).ok();
        let listener = UnixListener::bind(path).unwrap();
        let asked = self.asked.clone();
        self.serving.lock().unwrap().spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                clients.spawn(answer(client, asked.clone()));
            }
        });
    }
}

async fn said(mut client: UnixStream, asked: &str, mut state: watch::Receiver<State>) -> std::io::Result<()> {
    let State { report, kept_from, last } = state.borrow().clone();
    match asked.split_once(' ') {
        None => client.write_all(format!("{report}\n").as_bytes()).await,
        Some(("signed-status", nonce)) => {
            let answer = format!("{{\"schema\":1,\"statement\":\"nonce {nonce}\",\"signature\":\"00\"}}\n");
            client.write_all(answer.as_bytes()).await
        }
        Some((_, from)) => {
            let kept = if last == 0 { "null".to_owned() } else { kept_from.to_string() };
            let beginning = format!("{{\"schema\":1,\"kept_from\":{kept},\"last\":{last}}}\n");
            client.write_all(beginning.as_bytes()).await?;
            let mut next = from.parse::<u64>().unwrap().max(kept_from);
            loop {
                let last = state.borrow_and_update().last;
                for sequence in next..=last {
                    let line = format!("{{\"schema\":1,\"record\":{}}}\n", record(sequence));
                    client.write_all(line.as_bytes()).await?;
                }
                next = next.max(last.saturating_add(1));
                if timeout(Duration::from_secs(15), state.changed()).await.is_err() {
                    client.write_all(b"\n").await?;
                }
            }
        }
    }
}
