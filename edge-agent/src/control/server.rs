//! Hears requests on a thread of its own and hands them to the loop, one after the other.

use super::request::{MAX_BYTES, Reply, Request};
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

/// An asker has so long to ask, and so long to take the answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// The loop has so long: it tests the networks before it uses another database.
const LOOP_PATIENCE: Duration = Duration::from_secs(60);

/// A request that waits to be carried out.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: Request,
    /// The user who asks.
    pub(crate) uid: u32,
    reply: Sender<Reply>,
}

impl Order {
    /// Says what came of it. The asker may have gone.
    pub(crate) fn answer(self, reply: Reply) {
        self.reply.send(reply).ok();
    }
}

/// Starts to hear.
///
/// # Errors
/// When the socket cannot be made; `AlreadyExists` when another unit answers there.
pub(crate) fn serve(socket: &Path) -> io::Result<Receiver<Order>> {
    let listener = socket::listen(socket, 0o600)?;
    let (orders, to_be_carried_out) = channel();
    let hearing = move || {
        for asker in listener.incoming() {
            // An asker that hung up is of no interest, nor is a shortage of descriptors that passes.
            if asker.and_then(|asker| hear(asker, &orders)).is_err() {
                thread::sleep(Duration::from_millis(1));
            }
        }
    };
    thread::Builder::new().name("control".to_owned()).spawn(hearing)?;
    Ok(to_be_carried_out)
}

/// Hears one asker out, waits until the loop has done it, and answers.
///
/// # Errors
/// If it hangs up, or takes too long.
pub(crate) fn hear(mut asker: UnixStream, orders: &Sender<Order>) -> io::Result<()> {
    let uid = getsockopt(&asker, PeerCredentials)?.uid();
    // Also heard out if refused: closed with a request unread, a socket takes the answer with it.
    let line = socket::read_line(&mut asker, MAX_BYTES, Instant::now() + PATIENCE)?;
    let reply = match may_ask(uid, geteuid().as_raw()) {
        true => match Request::parse(&line) {
            Ok(request) => carried_out(request, uid, orders),
            Err(why) => Reply::refused(why),
        },
        false => Reply::refused(format!("user {uid} may not ask this: root may, and the unit's own user")),
    };
    let answer = to_json(&reply).map_err(io::Error::other)?;
    socket::write_all(&mut asker, format!("{answer}\n").as_bytes(), Instant::now() + PATIENCE)
}

/// The socket's mode says the same; this holds even where somebody changes that.
fn may_ask(uid: u32, own: u32) -> bool {
    uid == 0 || uid == own
}

fn carried_out(request: Request, uid: u32, orders: &Sender<Order>) -> Reply {
    let (reply, answered) = channel();
    if orders.send(Order { request, uid, reply }).is_err() {
        return Reply::refused("the unit is stopping");
    }
    answered.recv_timeout(LOOP_PATIENCE).unwrap_or_else(|_| {
        let seconds = LOOP_PATIENCE.as_secs();
        Reply::refused(format!("the unit has not done it in {seconds} s; `edge-agent status` says how it is"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_the_units_own_user_may_ask_and_nobody_else() {
        for (uid, own, expected) in
            [(0, 990, true), (990, 990, true), (1000, 990, false), (990, 0, false), (0, 0, true)]
        {
            assert_eq!(may_ask(uid, own), expected, "{uid} {own}");
        }
    }
}
