//! Asks a running unit: the options of the commands that do, and what they say if none runs or it refuses. The sockets:
//! see `control`.

use crate::config::{self, Config};
use crate::control::{self, Reply, Request};
use anyhow::anyhow;
use clap::Args;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use terminal::Help;

/// Options of a command that asks a running unit.
#[derive(Debug, Args)]
pub(super) struct UnitOptions {
    /// The configuration with the path of the unit's socket
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

impl UnitOptions {
    /// Reads the configuration.
    ///
    /// # Errors
    /// If it cannot be read or is wrong.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        Config::read(&self.config)
    }
}

/// Connects to the unit with this configuration.
///
/// # Errors
/// If none runs, with this help, or this user cannot reach it.
pub(super) fn connect(config: &Config, if_none_runs: &str) -> anyhow::Result<UnixStream> {
    let unit = control::unit_at(&config.control_socket(), &config.status.socket)?;
    unit.ok_or_else(|| anyhow!("no unit runs")).help(if_none_runs)
}

/// Has the unit carry out a request.
///
/// # Errors
/// If it does not answer, or refuses.
pub(super) fn order(unit: UnixStream, request: &Request) -> anyhow::Result<Reply> {
    carried_out(control::ask(unit, request)?)
}

/// The same for a request whose reply is followed by something, which is returned.
///
/// # Errors
/// As for [`order`].
pub(super) fn follow(unit: UnixStream, request: &Request) -> anyhow::Result<BufReader<UnixStream>> {
    let (reply, rest) = control::follow(unit, request)?;
    carried_out(reply).map(|_| rest)
}

fn carried_out(reply: Reply) -> anyhow::Result<Reply> {
    match reply.refused {
        Some(why) => Err(anyhow!("the unit refused: {why}")),
        None => Ok(reply),
    }
}
