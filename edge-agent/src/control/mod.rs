//! The control socket: what root, or the unit's own user, can ask a running unit to do.
//!
//! One line of JSON comes, one goes back. Who asks is known from the system and not from what they say. The unit records
//! a request before it carries it out, between two turns of its loop; none of them can open the door.

mod client;
mod request;
mod server;

pub(crate) use client::{ask, unit_at};
pub(crate) use request::{Lockout, LockoutsOf, Reply, Request};
pub(crate) use server::{Order, hear, serve};
