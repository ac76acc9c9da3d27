//! The server: takes requests on threads of its own and hands them to the loop.
//!
//! Each client has a thread, so that a lockdown does not wait until another request is answered: a rollback takes as long
//! as the networks are tested.

use super::request::{MAX_BYTES, Reply, Request};
use crate::aim::Showing;
use crate::socket;
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::unistd::geteuid;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};
use terminal::to_json;

/// The time that a client has to send a request, and to take the reply.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time that the loop has: it tests the networks before it uses another database.
const LOOP_PATIENCE: Duration = Duration::from_secs(60);

/// A request to be carried out by the loop.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: Request,
    /// The user ID of the client.
    pub(crate) uid: u32,
    reply: Sender<Answered>,
}

/// A reply, and the pictures that follow it, if any.
type Answered = (Reply, Option<Showing>);

impl Order {
    /// Replies. The client may have gone.
    pub(crate) fn answer(self, reply: Reply) {
        self.reply.send((reply, None)).ok();
    }

    /// Replies that the request is carried out, and then shows this. The client may have gone.
    pub(crate) fn show(self, showing: Showing) {
        self.reply.send((Reply::done(), Some(showing))).ok();
    }
}

/// Starts the server thread, and returns the requests.
///
/// # Errors
/// If the socket cannot be created; `AlreadyExists` if another unit answers there.
pub(crate) fn serve(socket: &Path) -> io::Result<Receiver<Order>> {
    let listener = socket::listen(socket, 0o600)?;
    let (orders, received) = channel();
    let serving = move || {
        for client in listener.incoming() {
            // Ignores a temporary shortage of file descriptors or threads.
            if client.and_then(|client| serve_one(client, orders.clone())).is_err() {
                thread::sleep(Duration::from_millis(1));
            }
        }
    };
    thread::Builder::new().name("control".to_owned()).spawn(serving)?;
    Ok(received)
}

fn serve_one(client: UnixStream, orders: Sender<Order>) -> io::Result<()> {
    // A client that hangs up misses its reply.
    let serving = move || drop(handle(client, &orders));
    thread::Builder::new().name("control".to_owned()).spawn(serving).map(drop)
}

/// Reads one client's request, waits until the loop has carried it out, and replies. If pictures follow, sends them on a
/// thread of their own.
///
/// # Errors
/// If the client hangs up or takes too long.
pub(crate) fn handle(mut client: UnixStream, orders: &Sender<Order>) -> io::Result<()> {
    let uid = getsockopt(&client, PeerCredentials)?.uid();
    // Read even if it will be refused: closing a socket with unread data would discard the reply.
    let line = socket::read_line(&mut client, MAX_BYTES, Instant::now() + PATIENCE)?;
    let refused = |why: String| (Reply::refused(why), None);
    let (reply, showing) = match may_ask(uid, geteuid().as_raw()) {
        true => match Request::parse(&line) {
            Ok(request) => carry_out(request, uid, orders),
            Err(why) => refused(why),
        },
        false => refused(format!("user {uid} may not send requests: only root and the unit's own user may")),
    };
    let answer = to_json(&reply).map_err(io::Error::other)?;
    socket::write_all(&mut client, format!("{answer}\n").as_bytes(), Instant::now() + PATIENCE)?;
    let Some(showing) = showing else { return Ok(()) };
    thread::Builder::new().name("aim".to_owned()).spawn(move || showing.send_to(client)).map(drop)
}

/// The same rule as the socket's mode, which somebody may have changed.
fn may_ask(uid: u32, own: u32) -> bool {
    uid == 0 || uid == own
}

fn carry_out(request: Request, uid: u32, orders: &Sender<Order>) -> Answered {
    let (reply, answered) = channel();
    if orders.send(Order { request, uid, reply }).is_err() {
        return (Reply::refused("the unit is stopping"), None);
    }
    answered.recv_timeout(LOOP_PATIENCE).unwrap_or_else(|_| {
        let seconds = LOOP_PATIENCE.as_secs();
        (Reply::refused(format!("the unit has not replied within {seconds} s; check with `edge-agent status`")), None)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A regression: a lockdown waited for up to a minute behind a rollback.
    #[test]
    fn a_request_does_not_wait_for_the_answer_to_another() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let orders = serve(&socket).unwrap();
        let next = || orders.recv_timeout(Duration::from_secs(30)).unwrap();
        let ask = |request: Request| {
            let mut client = UnixStream::connect(&socket).unwrap();
            io::Write::write_all(&mut client, request.to_line().unwrap().as_bytes()).unwrap();
            client
        };
        let _first = ask(Request::ListLockouts {});
        let unanswered = next();
        let _second = ask(Request::LockDown { admits: None });
        assert_eq!(next().request, Request::LockDown { admits: None });
        unanswered.answer(Reply::done());
    }

    #[test]
    fn only_root_and_the_units_own_user_may_send_requests() {
        for (uid, own, expected) in
            [(0, 990, true), (990, 990, true), (1000, 990, false), (990, 0, false), (0, 0, true)]
        {
            assert_eq!(may_ask(uid, own), expected, "{uid} {own}");
        }
    }
}
