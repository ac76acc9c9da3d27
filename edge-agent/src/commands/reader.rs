//! `reader`: pairs an OSDP reader, so that it and this unit share a key that nobody else has.

use crate::config::{self, Config, Reader};
use crate::folders;
use crate::reader::{Paired, PairingError, open_line, pair};
use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use files::folder_of;
use serde::Serialize;
use std::io::ErrorKind;
use std::path::PathBuf;
use terminal::{Answer, Help, ShowPath, ShownPath, print, print_json};

/// Set up a card reader with OSDP.
#[derive(Debug, Subcommand)]
pub(crate) enum ReaderCommand {
    /// Pair the reader with this unit: give it a random key, with which they encrypt what they say.
    ///
    /// Do this once, at the door, with a new reader or one that was reset: the key travels under the default key, which
    /// everybody knows, so nobody else may be at the wires meanwhile. Stop the unit first. The key file is written before
    /// the reader is told.
    ///
    /// Exit codes: 0 if the reader has this unit's key now, 2 if not.
    Pair(Pair),
}

#[derive(Debug, Args)]
pub(crate) struct Pair {
    /// The configuration with [reader]
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Give a reader that is paired already another key, under the present one
    #[arg(long)]
    new_key: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Answered {
    /// `false` if the reader had this unit's key already.
    has_new_key: bool,
    /// The maker's IEEE number, as the reader says.
    maker: String,
    /// The serial number, as the reader says.
    serial: u32,
    /// The file of the key.
    key_file: ShownPath,
}

/// Pairs the reader.
///
/// # Errors
/// If there is no OSDP reader, the unit runs, or the reader refuses.
pub(crate) fn run(command: &ReaderCommand) -> anyhow::Result<Answer> {
    let ReaderCommand::Pair(arguments) = command;
    let config = Config::read(&arguments.config)?;
    let Some(Reader::Osdp { device, baud, address, key_file, .. }) = &config.reader else {
        bail!("[reader] kind is not \"osdp\": only these readers are paired");
    };
    folders::step_down(&[folder_of(key_file)])?;
    let mut line = match open_line(device, *baud) {
        Err(error) if error.kind() == ErrorKind::ResourceBusy => {
            return Err(anyhow!("another program uses {}", device.shown()))
                .help("stop the unit first: systemctl stop edge-agent");
        }
        opened => opened.with_context(|| format!("cannot use {}", device.shown()))?,
    };
    let paired = pair(&mut line, *address, key_file, arguments.new_key);
    let Paired { identity, has_new_key } = match paired {
        Err(error @ PairingError::Foreign) => {
            return Err(anyhow!(error))
                .help("reset the reader to its factory settings, as its manual says, and try again");
        }
        Err(error @ PairingError::Unheard(_)) => {
            return Err(anyhow!(error)).help(
                "check power, both wires (A to A, B to B), [reader] baud and address, and that the unit is stopped",
            );
        }
        paired => paired?,
    };
    let answered =
        Answered { has_new_key, maker: identity.maker_in_hex(), serial: identity.serial, key_file: key_file.shown() };
    if arguments.json {
        print_json(&answered)?;
        return Ok(Answer::Yes);
    }
    let word = if has_new_key { "is paired: it has a new key" } else { "was paired already: it has this unit's key" };
    print(&format!("the reader ({identity}) {word}, which is in {}", answered.key_file))?;
    Ok(Answer::Yes)
}
