//! `pass`: issues visitor passes as QR codes, lists and revokes them. `passes.toml`, beside `people.csv`, holds what was
//! issued; `build-db` puts the pass keys and the revoked passes into the database.
//!
//! A unit decides whether a pass opens its door, and counts its uses.

mod issue;
mod key;
mod list;
pub(crate) mod passes_file;
pub(crate) mod passes_toml;
mod qr_code;
mod revoke;
mod times;

use clap::Subcommand;
use std::path::PathBuf;
use terminal::Answer;

/// The actions of `pass`.
#[derive(Debug, Subcommand)]
pub(crate) enum PassCommand {
    Keygen(key::Keygen),
    Issue(issue::Issue),
    List(list::List),
    Revoke(revoke::Revoke),
    Forget(revoke::Forget),
}

impl PassCommand {
    /// Runs the action.
    ///
    /// # Errors
    /// If a file cannot be read or written, or an argument contradicts another one.
    pub(crate) fn run(&self) -> anyhow::Result<Answer> {
        match self {
            Self::Keygen(arguments) => key::run(arguments),
            Self::Issue(arguments) => issue::run(arguments),
            Self::List(arguments) => list::run(arguments),
            Self::Revoke(arguments) => revoke::revoke(arguments),
            Self::Forget(arguments) => revoke::forget(arguments),
        }
    }
}

/// Where `passes.toml` is.
#[derive(Clone, Debug, clap::Args)]
struct Place {
    /// The photos folder, in which passes.toml lies beside people.csv
    #[arg(long, value_name = "DIR", default_value = ".")]
    photos: PathBuf,
}
