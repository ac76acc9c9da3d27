//! A small HTTP client: what it sends is what a test says.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Longer than any answer takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A session with a desk.
pub(super) struct Client {
    host: String,
    cookie: String,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Client {
    /// Follows the link.
    pub(super) fn open(link: &str) -> Self {
        let (host, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let answered = send(host, &format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), &[]);
        let cookie = answered.headers["set-cookie"].split(';').next().unwrap().to_owned();
        Self { host: host.to_owned(), cookie }
    }

    pub(super) fn get(&self, path: &str) -> Answered {
        send(&self.host, &format!("GET {path} HTTP/1.1\r\n{}Connection: close\r\n\r\n", self.head()), &[])
    }

    /// The text of a page, which must be there.
    pub(super) fn page(&self, path: &str) -> String {
        let answered = self.get(path);
        assert_eq!(answered.status, 200, "{path}: {}", answered.text());
        answered.text()
    }

    /// Sends a form.
    pub(super) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.post_bytes(path, "application/x-www-form-urlencoded", pairs.join("&").as_bytes())
    }

    pub(super) fn post_bytes(&self, path: &str, kind: &str, body: &[u8]) -> Answered {
        let head = format!(
            "POST {path} HTTP/1.1\r\n{}Origin: http://{}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.head(),
            self.host,
            body.len()
        );
        send(&self.host, &head, body)
    }

    /// The key of a person, from the page of people.
    pub(super) fn key_of(&self, name: &str) -> String {
        let page = self.page("/people");
        let (before, _) = page.split_once(&format!("<span class=\"name\">{name}</span>")).unwrap();
        let (_, address) = before.rsplit_once("<a href=\"/people/").unwrap();
        address.split('"').next().unwrap().to_owned()
    }

    /// Waits until the photos have been looked at.
    #[track_caller]
    pub(super) fn waits_for_findings(&self) {
        self.waits_until("/state", |state| state.contains("\"is_looking\":false"));
    }

    /// The text of a page, once it is as expected.
    #[track_caller]
    pub(super) fn waits_until(&self, path: &str, expected: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let page = self.page(path);
            if expected(&page) {
                return page;
            }
            assert!(Instant::now() < until, "{path}: {page}");
        }
    }

    /// The id of a new draft of photos.
    pub(super) fn new_draft(&self) -> String {
        hidden(&self.page("/enrol"), "draft")
    }

    fn head(&self) -> String {
        format!("Host: {}\r\nCookie: {}\r\n", self.host, self.cookie)
    }
}

impl Answered {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The value of a hidden field.
pub(super) fn hidden(page: &str, name: &str) -> String {
    let (_, after) = page.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\"")).unwrap();
    after.split('"').next().unwrap().to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02x}"),
        })
        .collect()
}

fn send(host: &str, head: &str, body: &[u8]) -> Answered {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses a body may close before it has read everything.
    stream.write_all(body).ok();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("no answer to {head}"));
    let mut lines = str::from_utf8(&bytes[..end]).unwrap().split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answered {
        status,
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
        body: bytes[end + 4..].to_vec(),
    }
}
