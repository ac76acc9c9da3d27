//! `reader`: pairs an OSDP reader, so that it and this unit share a key that nobody else has.

use crate::config::{self, Config, Reader};
use crate::folders;
use crate::reader::{CarriedBy, Paired, Pairing, PairingError, open_line, pair};
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
    /// Pair the reader with this unit: give it a random key that encrypts what goes over the wires.
    ///
    /// Do this once, at the door, with a new reader. The first key travels under the default key, which everybody knows, so
    /// nobody else may be at the wires meanwhile. Stop the unit first. The key file is written before the reader is told.
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
    /// Pair another reader, or one that was reset to its factory settings, under the default key
    #[arg(long, conflicts_with = "new_key")]
    new_reader: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Answered {
    /// What carried the new key; `null` if the reader had this unit's key already.
    carried_by: Option<CarriedBy>,
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
    let mut owned = folders::written(&config);
    owned.push(folder_of(key_file));
    folders::step_down(&owned)?;
    let mut line = match open_line(device, *baud) {
        Err(error) if error.kind() == ErrorKind::ResourceBusy => {
            return Err(anyhow!("another program uses {}", device.shown()))
                .help("stop the unit first: systemctl stop edge-agent");
        }
        opened => opened.with_context(|| format!("cannot use {}", device.shown()))?,
    };
    let pairing = match (arguments.new_key, arguments.new_reader) {
        (true, _) => Pairing::Renewed,
        (_, true) => Pairing::Replaced,
        _ => Pairing::New,
    };
    let Paired { identity, carried_by } = match pair(&mut line, *address, key_file, pairing) {
        Ok(paired) => paired,
        Err(error) => {
            let help = help_for(&error);
            return Err(error).help(help);
        }
    };
    let answered =
        Answered { carried_by, maker: identity.maker_in_hex(), serial: identity.serial, key_file: key_file.shown() };
    if arguments.json {
        print_json(&answered)?;
        return Ok(Answer::Yes);
    }
    let how = match carried_by {
        Some(CarriedBy::DefaultKey) => "is paired. Its new key was sent under the default key, which everybody knows",
        Some(CarriedBy::PreviousKey) => "has a new key, which was sent under the previous one",
        None => "was paired already",
    };
    print(&format!("the reader ({identity}) {how}. The key is in {}", answered.key_file))?;
    Ok(Answer::Yes)
}

fn help_for(error: &PairingError) -> &'static str {
    match error {
        PairingError::OtherKey => {
            "if it is a new reader or was reset, make sure that nobody else is at the wires, then add --new-reader"
        }
        PairingError::NotReset => "reset the reader to its factory settings, as its manual says, and try again",
        PairingError::NothingToRenew => "leave out --new-key",
        PairingError::Refused => "the reader must support secure channel; its manual says how to enter install mode",
        PairingError::File(_) => {
            "if the file is damaged, remove it, reset the reader to its factory settings, and try again"
        }
        PairingError::Unheard(_) | PairingError::Unconfirmed(_) => {
            "check power, both wires (A to A, B to B), [reader] baud and address, and that the unit is stopped"
        }
    }
}
