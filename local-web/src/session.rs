//! The one session of a server: the link opens it once, and a cookie continues it.

use data_encoding::HEXLOWER;
use hyper::header::{HeaderValue, InvalidHeaderValue};
use sha2::{Digest, Sha256};
use std::cell::Cell;
use subtle::ConstantTimeEq;
use tokio::time::{Duration, Instant};

/// The name of the session's cookie.
pub(crate) const COOKIE: &str = "desk";

/// 256 random bits.
pub(crate) type Secret = [u8; 32];

/// The session, before and after the link was used. It compares digests of the secrets, in constant time, so that how long a
/// comparison takes says nothing about them.
pub(crate) struct Session {
    token: Cell<Option<Secret>>,
    until: Instant,
    cookie: Secret,
    cookie_line: HeaderValue,
}

impl Session {
    /// A session whose link can be used for that long.
    ///
    /// # Errors
    /// None in practice: hexadecimal digits can stand in a header.
    pub(crate) fn new(token: &Secret, cookie: &Secret, link: Duration) -> Result<Self, InvalidHeaderValue> {
        let (token, cookie) = (HEXLOWER.encode(token), HEXLOWER.encode(cookie));
        // It ends with the browser. A page of another site never makes the browser send it, not even with a link.
        let mut line = HeaderValue::from_str(&format!("{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path=/"))?;
        line.set_sensitive(true);
        Ok(Self {
            token: Cell::new(Some(digest(token.as_bytes()))),
            until: Instant::now() + link,
            cookie: digest(cookie.as_bytes()),
            cookie_line: line,
        })
    }

    /// Uses the link's token up. The `Set-Cookie` line, if it is the right token, not used yet and not too old.
    pub(crate) fn open(&self, token: &[u8]) -> Option<HeaderValue> {
        let expected = self.token.get()?;
        let is_right = bool::from(digest(token).ct_eq(&expected)) && Instant::now() < self.until;
        is_right.then(|| {
            self.token.set(None);
            self.cookie_line.clone()
        })
    }

    /// Whether one of the values of `Cookie` lines has this session's cookie.
    pub(crate) fn is_known<'a>(&self, lines: impl Iterator<Item = &'a [u8]>) -> bool {
        let cookies = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
        let mut values = cookies.filter_map(|cookie| cookie.strip_prefix(COOKIE.as_bytes())?.strip_prefix(b"="));
        values.any(|value| digest(value).ct_eq(&self.cookie).into())
    }
}

fn digest(secret: &[u8]) -> Secret {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Duration = Duration::from_secs(600);

    fn session() -> Session {
        Session::new(&[1; 32], &[2; 32], LINK).unwrap()
    }

    fn token() -> String {
        "01".repeat(32)
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_opens_the_session_once() {
        let session = session();
        let its_digest = HEXLOWER.encode(&digest(token().as_bytes()));
        for wrong in ["", "01", &"02".repeat(32), &format!("{} ", token()), &its_digest] {
            assert_eq!(session.open(wrong.as_bytes()), None, "{wrong}");
        }
        let line = session.open(token().as_bytes()).unwrap();
        let expected = format!("desk={}; HttpOnly; SameSite=Strict; Path=/", "02".repeat(32));
        assert_eq!(line.to_str().unwrap(), expected);
        assert!(line.is_sensitive(), "a log must not show it");
        assert_eq!(session.open(token().as_bytes()), None, "it was used");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_becomes_too_old() {
        for (waited, is_taken) in [(Duration::ZERO, true), (LINK - Duration::from_secs(1), true), (LINK, false)] {
            let session = session();
            tokio::time::advance(waited).await;
            assert_eq!(session.open(token().as_bytes()).is_some(), is_taken, "{waited:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_right_cookie_is_known() {
        let right = format!("desk={}", "02".repeat(32));
        let wrong = format!("desk={}", "03".repeat(32));
        for (lines, expected) in [
            (vec![], false),
            (vec![right.clone()], true),
            (vec![format!("theme=dark; {right};")], true),
            (vec!["theme=dark".to_owned(), right.clone()], true),
            (vec![format!("{wrong}; {right}")], true),
            (vec![wrong.clone()], false),
            (vec!["desk=".to_owned()], false),
            (vec!["desk".to_owned()], false),
            (vec![format!("x{right}")], false),
            (vec![right.replace("desk", "DESK")], false),
            (vec![right.replace('=', " = ")], false),
            (vec![format!("{right}0")], false),
            (vec![format!("desk=\"{}\"", "02".repeat(32))], false),
            (vec![format!("desk={}", token())], false),
        ] {
            let known = session().is_known(lines.iter().map(String::as_bytes));
            assert_eq!(known, expected, "{lines:?}");
        }
    }
}
