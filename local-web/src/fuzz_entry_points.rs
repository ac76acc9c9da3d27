//! Everything that a program on this computer can send to the server, one entrance: for fuzzing.

use crate::answer::{Answer, Kind};
use crate::asked::{Asked, Method};
use crate::limits::Limits;
use crate::presence::Presence;
use crate::server::{Served, serve};
use crate::session::{Secret, Session};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::task::LocalSet;
use tokio::time::timeout;

/// The port that the server says it has.
pub const PORT: u16 = 4321;

/// How much fits into the connection.
const ROOM: usize = 1 << 16;
/// How long the connection is watched, by a clock that goes forward when nothing happens. Longer than every limit.
const WATCHED: Duration = Duration::from_secs(120);

/// What came of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Everything that the server sent.
    pub answers: Vec<u8>,
    /// The requests that came as far as the application.
    pub reached: Vec<Reached>,
}

/// What the application understood of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Whether it may change something.
    pub method: Method,
    /// The parts of the path.
    pub parts: Vec<String>,
    /// Names and values of the query, and then those of the form.
    pub pairs: Vec<(String, String)>,
}

/// Sends bytes to a server whose session has these secrets, on one connection, which stays open. The application reads the
/// query and the form, and answers with how many pairs they have. The same bytes give the same exchange, except for the date.
///
/// # Errors
/// If the system refuses what a server needs.
pub fn exchange(bytes: &[u8], token: &Secret, cookie: &Secret) -> io::Result<Exchange> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    LocalSet::new().block_on(&runtime, exchanged(bytes, token, cookie))
}

async fn exchanged(bytes: &[u8], token: &Secret, cookie: &Secret) -> io::Result<Exchange> {
    let reached = Rc::new(RefCell::new(Vec::new()));
    let noted = reached.clone();
    let limits = Limits::USUAL;
    let served = Served {
        port: PORT,
        session: Session::new(token, cookie, limits.link).map_err(io::Error::other)?,
        presence: Rc::new(Presence::default()),
        limits,
        handler: Box::new(move |asked| Box::pin(understand(asked, noted.clone()))),
    };
    let (here, there) = duplex(ROOM);
    let serving = serve(there, Rc::new(served));
    let (mut receiver, mut sender) = tokio::io::split(here);
    let mut answers = Vec::new();
    let talking = async {
        // The server may have closed the connection before it has taken everything, and it need not send anything.
        let (_, received) = tokio::join!(sender.write_all(bytes), receiver.read_to_end(&mut answers));
        received
    };
    let _unfinished = timeout(WATCHED, async { tokio::join!(serving, talking) }).await;
    Ok(Exchange { answers, reached: reached.take() })
}

async fn understand(mut asked: Asked, noted: Rc<RefCell<Vec<Reached>>>) -> Answer {
    let form = match asked.method() {
        Method::Get => None,
        Method::Post => Some(asked.form().await),
    };
    let form = match form.transpose() {
        Ok(form) => form.unwrap_or_default(),
        Err(refusal) => return refusal.into(),
    };
    let pairs = asked.query().iter().chain(form.iter()).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let reached = Reached { method: asked.method(), parts: asked.parts().to_vec(), pairs: pairs.collect() };
    let answer = Answer::of(Kind::Text, reached.pairs.len().to_string());
    noted.borrow_mut().push(reached);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: (Secret, Secret) = ([1; 32], [2; 32]);

    fn exchanged(bytes: &str) -> (String, Vec<Reached>) {
        let Exchange { answers, reached } = exchange(bytes.as_bytes(), &SECRETS.0, &SECRETS.1).unwrap();
        (String::from_utf8(answers).unwrap(), reached)
    }

    #[test]
    fn what_reaches_the_application_is_told() {
        let cookie = format!("Host: 127.0.0.1:{PORT}\r\nCookie: desk={}\r\n", "02".repeat(32));
        let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b";
        let post = format!("POST /p HTTP/1.1\r\n{cookie}Origin: http://127.0.0.1:{PORT}\r\n{form}");
        let (answers, reached) = exchanged(&format!("GET /a?b=c HTTP/1.1\r\n{cookie}\r\n{post}"));
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
        let told = |method, part: &str, name: &str, value: &str| Reached {
            method,
            parts: vec![part.to_owned()],
            pairs: vec![(name.to_owned(), value.to_owned())],
        };
        assert_eq!(reached, [told(Method::Get, "a", "b", "c"), told(Method::Post, "p", "a", "b")]);
    }

    #[test]
    fn what_the_gate_refuses_reaches_nothing() {
        for (bytes, expected) in [
            (format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\n\r\n"), "HTTP/1.1 403"),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), "HTTP/1.1 421"),
            ("\0".to_owned(), "HTTP/1.1 400"),
            (String::new(), ""),
            ("GET / HT".to_owned(), ""),
        ] {
            let (answers, reached) = exchanged(&bytes);
            assert!(answers.starts_with(expected) && reached.is_empty(), "{bytes}: {answers} {reached:?}");
        }
    }
}
