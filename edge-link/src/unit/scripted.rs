//! A unit for tests: real Unix sockets in a temporary folder, with scripted answers.

use super::Unit;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// A unit that listens until it is dropped.
pub(crate) struct ScriptedUnit {
    folder: TempDir,
    serving: Mutex<JoinSet<()>>,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
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
        Self { folder: tempfile::tempdir().unwrap(), serving: Mutex::default(), asked: Arc::default() }
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
