//! The server: the address that it listens on, its connections, and when it ends.

mod connection;
mod sent;
#[cfg(test)]
mod slow_tests;
#[cfg(test)]
mod tests;

pub(crate) use connection::{Served, serve};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::limits::{CONNECTIONS, Limits};
use crate::presence::Presence;
use crate::session::{Secret, Session};
use data_encoding::HEXLOWER;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

/// A server for one person at this computer. It listens from the beginning; [`run`](Self::run) answers.
pub struct LocalServer {
    listener: TcpListener,
    address: SocketAddr,
    token: Secret,
    cookie: Secret,
    limits: Limits,
    stop: Stop,
}

/// Ends a running server, from any thread.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Notify>);

/// Why a server has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The last page was closed a minute ago, or none was opened in ten minutes.
    NobodyLeft,
    /// [`Stop::stop`] was called.
    Stopped,
}

impl LocalServer {
    /// Listens on this port of 127.0.0.1; 0 is any free port.
    ///
    /// # Errors
    /// If the port is in use or may not be used, or if the system has no random numbers. Port 80 is refused: browsers leave it
    /// out of an address.
    pub fn listen(port: u16) -> io::Result<Self> {
        if port == 80 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "port 80 cannot be used: choose another one"));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (mut token, mut cookie) = (Secret::default(), Secret::default());
        getrandom::fill(&mut token).map_err(io::Error::other)?;
        getrandom::fill(&mut cookie).map_err(io::Error::other)?;
        Ok(Self { listener, address, token, cookie, limits: Limits::USUAL, stop: Stop::default() })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link that opens the session: once, and within ten minutes after [`run`](Self::run). It is a secret until then.
    pub fn link(&self) -> String {
        format!("http://{}/?token={}", self.address, HEXLOWER.encode(&self.token))
    }

    /// What ends this server.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Answers requests with `handler` until nobody is left or it is stopped.
    ///
    /// The handler runs on this thread, several at a time: it gives anything that computes or waits for a disk to
    /// `tokio::task::spawn_blocking`. It runs to its end even if the browser goes away, except when the server is stopped. If it
    /// panics, the browser is told that the application failed.
    ///
    /// # Errors
    /// If the system refuses what a server needs.
    pub fn run<H, F>(self, handler: H) -> io::Result<Ended>
    where
        H: Fn(Asked) -> F + 'static,
        F: Future<Output = Answer> + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, self.serve(handler))
    }

    async fn serve<H, F>(self, handler: H) -> io::Result<Ended>
    where
        H: Fn(Asked) -> F + 'static,
        F: Future<Output = Answer> + 'static,
    {
        let session = Session::new(&self.token, &self.cookie, self.limits.link).map_err(io::Error::other)?;
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let presence = Rc::new(Presence::default());
        let served = Served {
            port: self.address.port(),
            session,
            presence: presence.clone(),
            limits: self.limits,
            handler: Box::new(move |asked| Box::pin(handler(asked))),
        };
        select! {
            () = presence.nobody_left(&self.limits) => Ok(Ended::NobodyLeft),
            () = self.stop.0.notified() => Ok(Ended::Stopped),
            never = accept(&listener, Rc::new(served)) => match never {},
        }
    }
}

impl Stop {
    /// Ends the server soon.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

/// Serves connections, at most [`CONNECTIONS`] at a time.
async fn accept(listener: &tokio::net::TcpListener, served: Rc<Served>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn_local(serve(stream, served.clone()));
            }
            Err(error) => {
                tracing::warn!("a connection of the browser cannot be accepted: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
