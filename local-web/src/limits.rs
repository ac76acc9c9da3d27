//! How much and how long one browser may ask. A browser needs far less; these limits are for everything else that can open a
//! connection to this computer's loopback interface.

use std::time::Duration;

/// How many connections are served at a time. More wait in the kernel's queue.
pub(crate) const CONNECTIONS: usize = 32;
/// The longest head of a request, in bytes; also the size of a connection's buffer.
pub(crate) const HEAD_BYTES: usize = 16 << 10;
/// The most header lines of a request.
pub(crate) const HEADERS: usize = 64;
/// The longest form, in bytes.
pub(crate) const FORM_BYTES: usize = 64 << 10;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The head of a request; also how long a connection may be idle between two requests.
    pub(crate) head: Duration,
    /// The body of a request.
    pub(crate) body: Duration,
    /// How long the browser may take nothing of an answer.
    pub(crate) write: Duration,
    /// How long the server waits for its first page.
    pub(crate) first_page: Duration,
    /// How long it stays when the last page is closed: long enough to load another page.
    pub(crate) last_page: Duration,
    /// How long the link can be used.
    pub(crate) link: Duration,
    /// How often something is sent to a browser that only listens, so that one that has gone is noticed.
    pub(crate) beat: Duration,
}

impl Limits {
    pub(crate) const USUAL: Self = Self {
        head: Duration::from_secs(10),
        body: Duration::from_secs(30),
        write: Duration::from_secs(30),
        first_page: Duration::from_secs(600),
        last_page: Duration::from_secs(60),
        link: Duration::from_secs(600),
        beat: Duration::from_secs(15),
    };
}
