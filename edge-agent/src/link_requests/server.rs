//! The server: a few threads take requests, verify signatures, and hand to the loop what is left.
//!
//! They take one client after the other. After a request that was not carried out they pause, so that a link that sends
//! random bytes, or the same order again and again, takes no time from the networks.

use super::request::{LinkReply, MAX_BYTES, Wanted};
use crate::reports::{Allowance, since_start};
use crate::socket;
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use shared::seal::Signer;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use terminal::to_json;

/// How many clients are served at a time: a lockdown does not wait until an order is carried out.
const THREADS: usize = 2;
/// The time that a client has to send a request, and to take the reply.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time that the loop has.
const LOOP_PATIENCE: Duration = Duration::from_secs(60);
/// The pause after a request that was not carried out.
const PAUSE: Duration = Duration::from_millis(100);

/// A request to be carried out by the loop.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) wanted: Wanted,
    /// The user id of the client.
    pub(crate) uid: u32,
    pub(super) reply: Sender<LinkReply>,
}

/// What every client needs: the keys that may sign orders, and the way to the loop.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    signers: Arc<[Signer]>,
    loop_: SyncSender<Asked>,
    /// Limits the reports of refused requests.
    refusals: Arc<Mutex<Allowance>>,
}

impl Asked {
    /// A request of this user, and the reply to it once there is one.
    #[cfg(test)]
    pub(crate) fn by(uid: u32, wanted: Wanted) -> (Self, Receiver<LinkReply>) {
        let (reply, replied) = channel();
        (Self { wanted, uid, reply }, replied)
    }

    /// Replies. The client may have gone.
    pub(crate) fn answer(self, reply: LinkReply) {
        self.reply.send(reply).ok();
    }
}

impl Entrance {
    /// For orders by these signers. Returns the requests for the loop as well.
    pub(crate) fn for_signers(signers: Vec<Signer>) -> (Self, Receiver<Asked>) {
        let (loop_, asked) = sync_channel(THREADS);
        (Self { signers: signers.into(), loop_, refusals: Arc::default() }, asked)
    }

    fn reply(&self, line: &[u8], uid: u32) -> LinkReply {
        let wanted = match Wanted::parse(line, &self.signers) {
            Ok(wanted) => wanted,
            Err(why) => return LinkReply::refused(why),
        };
        let (reply, replied) = channel();
        // A loop that hangs has as many requests as there are threads.
        if self.loop_.try_send(Asked { wanted, uid, reply }).is_err() {
            return LinkReply::refused("the unit is stopping, or has not carried out the last requests yet");
        }
        replied.recv_timeout(LOOP_PATIENCE).unwrap_or_else(|_| {
            let seconds = LOOP_PATIENCE.as_secs();
            LinkReply::refused(format!("the unit has not replied within {seconds} s; its status may say more"))
        })
    }

    /// Tells the journal of a refused request, but not of each.
    fn report(&self, reply: &LinkReply, uid: u32) {
        let Some(why) = &reply.refused else { return };
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(more) = refusals.take(since_start()) {
            // It may contain what the client sent.
            let why = why.escape_debug();
            tracing::warn!(
                "a request of user {uid} on the socket of the link was refused: {why} ({more} not reported)"
            );
        }
    }
}

/// Starts the threads. `socket` is for every user in the unit's group.
///
/// # Errors
/// If the socket cannot be created; `AlreadyExists` if another unit answers there.
pub(crate) fn serve(socket: &Path, entrance: &Entrance) -> io::Result<()> {
    let listener = Arc::new(socket::listen(socket, 0o660)?);
    for _ in 0..THREADS {
        let (listener, entrance) = (Arc::clone(&listener), entrance.clone());
        thread::Builder::new().name("link".to_owned()).spawn(move || take_clients(&listener, &entrance))?;
    }
    Ok(())
}

fn take_clients(listener: &UnixListener, entrance: &Entrance) -> ! {
    loop {
        // A client that hangs up misses its reply; a lack of file descriptors is temporary.
        let served = listener.accept().and_then(|(client, _)| handle(client, entrance));
        if !served.is_ok_and(|is_carried_out| is_carried_out) {
            thread::sleep(PAUSE);
        }
    }
}

/// Reads one client's request, waits until the loop has carried it out, and replies. Returns whether it was carried out.
///
/// # Errors
/// If the client hangs up or takes too long.
pub(crate) fn handle(mut client: UnixStream, entrance: &Entrance) -> io::Result<bool> {
    let uid = getsockopt(&client, PeerCredentials)?.uid();
    let line = socket::read_line(&mut client, MAX_BYTES, Instant::now() + PATIENCE)?;
    let reply = entrance.reply(&line, uid);
    entrance.report(&reply, uid);
    let answer = to_json(&reply).map_err(io::Error::other)? + "\n";
    socket::write_all(&mut client, answer.as_bytes(), Instant::now() + PATIENCE)?;
    Ok(reply.refused.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::Audience;
    use shared::order::{Command, Order};
    use shared::seal::SigningKey;
    use std::io::{Read, Write};
    use std::net::Shutdown;

    const LOCK_DOWN: &str = "{\"schema\":1,\"request\":{\"lock_down\":{}}}\n";

    fn ask(socket: &Path, request: &[u8]) -> String {
        let mut client = UnixStream::connect(socket).unwrap();
        // The unit may have answered and hung up before all of it was sent.
        client.write_all(request).ok();
        client.shutdown(Shutdown::Write).ok();
        let mut answer = String::new();
        client.read_to_string(&mut answer).ok();
        answer
    }

    #[test]
    fn the_loop_hears_only_of_genuine_requests() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("link.sock");
        let (key, other) = ([1; 32], [2; 32]);
        let [key, other] = [key, other].map(|bytes| SigningKey::from_random(&bytes));
        let (entrance, asked) = Entrance::for_signers(vec![key.signer()]);
        serve(&socket, &entrance).unwrap();
        let order = Order::new(5, Audience::AllDoors, 9, Command::LockdownOff).unwrap();
        let line = |text: String| {
            serde_json::json!({"schema": 1, "request": {"signed_order": {"order": text}}}).to_string() + "\n"
        };
        let asking = thread::spawn(move || {
            let requests = [LOCK_DOWN.to_owned(), line(order.sign(&other)), "\0".to_owned(), line(order.sign(&key))];
            requests.map(|request| ask(&socket, request.as_bytes()))
        });
        let heard: Vec<Wanted> = (0..2)
            .map(|_| {
                let asked = asked.recv_timeout(Duration::from_secs(60)).unwrap();
                let wanted = asked.wanted.clone();
                asked.answer(LinkReply::done("done"));
                wanted
            })
            .collect();
        assert!(matches!(heard[..], [Wanted::Lockdown, Wanted::SignedOrder { .. }]), "{heard:?}");
        let answers = asking.join().unwrap();
        assert_eq!(answers[0], "{\"schema\":1,\"refused\":null,\"outcome\":\"done\"}\n");
        assert!(answers[1].contains("no known key has signed"), "{}", answers[1]);
        assert!(answers[2].contains("not a request"), "{}", answers[2]);
        assert!(answers[3].contains("\"refused\":null"), "{}", answers[3]);
    }

    /// A loop that hangs has no queue that grows.
    #[test]
    fn requests_that_the_loop_does_not_take_are_refused() {
        let (entrance, asked) = Entrance::for_signers(Vec::new());
        let fill = |entrance: &Entrance| {
            let (waiting, _) = Asked::by(0, Wanted::Lockdown);
            entrance.loop_.try_send(waiting)
        };
        assert!((0..THREADS).all(|_| fill(&entrance).is_ok()));
        let refused = entrance.reply(LOCK_DOWN.as_bytes(), 0);
        assert!(refused.refused.unwrap().contains("has not carried out"));
        drop(asked);
    }
}
