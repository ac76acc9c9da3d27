//! System tests over the real programs. Build them first: `cargo build --release`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "its paths are of its own making")]

mod browser;
mod edge_agent;
mod edge_link;
mod encoder_tool;
mod endurance;
mod fleet;
mod formats;
mod pages;
