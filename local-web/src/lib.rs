//! A web server for one person at this computer: the lower half of a local application that a browser shows.
//!
//! It listens on 127.0.0.1 only, gives out one link that opens one session, and ends when the last page is closed. Every
//! request passes a gate before the application sees it ([`Refusal`] lists its rules), and every [`Answer`] tells the browser to
//! load nothing from elsewhere, to show the page in no frame, and to keep nothing. The crate knows nothing about the
//! application.
//!
//! ```no_run
//! use local_web::{Answer, Kind, LocalServer, Method};
//!
//! let server = LocalServer::listen(0)?;
//! println!("Open {}", server.link());
//! server.run(|asked| async move {
//!     let parts: Vec<&str> = asked.parts().iter().map(String::as_str).collect();
//!     match (asked.method(), &parts[..]) {
//!         (Method::Get, []) => Answer::of(Kind::Html, "<p>Hello</p>"),
//!         _ => Answer::refused(404, "There is no such page."),
//!     }
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What a page does
//!
//! Each page keeps `new EventSource("/presence")` open, which the crate answers: it is how the server knows that somebody is
//! there. Browsers open at most six connections to one server, so more than five pages at a time wait for each other.
//!
//! # What it does not protect from
//!
//! - Other programs of the same user, which can read the browser's memory and files anyway.
//! - A browser sends a cookie to every port of a computer, so another server on 127.0.0.1 that the same browser visits gets the
//!   session's cookie, and can replace it. A second server of this crate on another port does the latter: the earlier session
//!   ends.
//! - The network between browser and server is the loopback interface, so there is no TLS.
#![forbid(unsafe_code)]

mod answer;
mod asked;
pub mod fuzz_entry_points;
mod gate;
mod limits;
mod pace;
mod pairs;
mod path;
mod presence;
mod refusal;
mod server;
mod session;

pub use answer::{Answer, Kind};
pub use asked::{Asked, Method};
pub use pairs::Pairs;
pub use path::path_of;
pub use refusal::Refusal;
pub use server::{Ended, LocalServer, Stop};
