//! What comes to the local web server: any bytes on a connection, from any program of the computer.

use crate::Answer;
use local_web::Method;
use local_web::fuzz_entry_points::{PORT, exchange};

/// The secrets of the session in bytes; as they are sent, each is 64 digits.
const TOKEN: [u8; 32] = [1; 32];
const COOKIE: [u8; 32] = [2; 32];

/// What every answer says that is not hyper's own.
const STRICT: [&str; 5] = [
    "cache-control: no-store\r\n",
    "content-security-policy: default-src 'none'; ",
    "x-content-type-options: nosniff\r\n",
    "x-frame-options: DENY\r\n",
    "content-type: ",
];

/// Bytes on one connection. Without the cookie nothing reaches the application, without the token nobody gets the cookie, and
/// every answer has the strict headers.
pub fn desk_request(bytes: &[u8]) -> Answer {
    let exchange = match exchange(bytes, &TOKEN, &COOKIE) {
        Ok(exchange) => exchange,
        Err(error) => panic!("there is no runtime: {error}"),
    };
    let answers = String::from_utf8_lossy(&exchange.answers);
    check_answers(&answers);
    let cookies = answers.matches("set-cookie: ").count();
    assert!(cookies == 0 || cookies == 1 && has(bytes, &in_digits(&TOKEN)), "{answers}");
    for reached in &exchange.reached {
        assert!(has(bytes, &format!("desk={}", in_digits(&COOKIE))), "{reached:?}");
        let hosts = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{PORT}"));
        assert!(hosts.iter().any(|host| has(bytes, host)), "{reached:?}");
        let origin = hosts.iter().any(|host| has(bytes, &format!("http://{host}")));
        assert!(reached.method == Method::Get || origin, "{reached:?}");
        for part in &reached.parts {
            assert!(!matches!(&part[..], "" | "." | ".."), "{reached:?}");
            assert!(!part.contains(|letter: char| "/\\".contains(letter) || letter.is_control()), "{reached:?}");
        }
    }
    if exchange.reached.is_empty() && cookies == 0 { Answer::Refused } else { Answer::Accepted }
}

/// Checks each answer. Only the last can be hyper's own, to what is not HTTP: it has no content.
fn check_answers(answers: &str) {
    let mut answers = answers.split("HTTP/1.").skip(1).peekable();
    while let Some(answer) = answers.next() {
        let status = answer.get(2..5).unwrap_or_default();
        let is_strict = STRICT.iter().all(|header| answer.contains(header));
        let is_empty = answer.contains("content-length: 0\r\n") && answer.ends_with("\r\n\r\n");
        let is_hypers_own = answers.peek().is_none() && status.starts_with('4') && is_empty;
        assert!(status == "100" || is_strict || is_hypers_own, "{answer}");
    }
}

fn in_digits(secret: &[u8]) -> String {
    secret.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
