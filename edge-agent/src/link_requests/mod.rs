//! The socket of the link: what a process that talks to the network may ask of a unit.
//!
//! Nobody needs to trust that process. Its requests can express only what keeps people out, and orders that a workstation
//! has signed. A request and its reply are one line of JSON each. Requests are limited in length, time and number, and
//! signatures are verified before the loop hears of an order, so nobody can hold up the loop or fill the log.

mod request;
mod server;

pub(crate) use request::{LinkReply, Wanted};
pub(crate) use server::{Asked, Entrance, handle, serve};
