//! The control socket: requests of root or the unit's own user to a running unit.
//!
//! A request and its reply are one line of JSON each. The user is taken from the socket's peer credentials, not from
//! the request. The unit records a request before it carries it out, between two turns of its loop; a lockdown that can
//! only keep people out takes effect first. No request opens the door, except a lock test, for two seconds. After the reply
//! to a request for pictures, they follow on the same connection.

mod client;
mod request;
mod server;

pub(crate) use client::{ask, follow, unit_at};
pub(crate) use request::{AimSeconds, Lockout, LockoutsOf, Reply, Request};
pub(crate) use server::{Order, handle, serve};
