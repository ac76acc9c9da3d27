//! `audit export`: copies the whole log into one file and writes a head signed by the unit.

use super::args::Export;
use super::verify::in_words;
use crate::audit_log::read::{Line, open};
use crate::audit_log::verify::{Against, Findings, verify};
use crate::audit_log::{LogKey, SignedHead};
use crate::config::Config;
use anyhow::Context;
use files::owner::as_owner_of;
use files::{Access, WriteError, replace_with};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, ShowPath, counted, print, print_json, say, to_json};

#[derive(Serialize)]
struct Exported {
    records: u64,
    output: Option<PathBuf>,
    head: SignedHead,
}

/// Writes the copy and its head. Returns no if the log has a fault.
///
/// If root runs it, it reads as the owner of the log and the key, and writes as the owner of the output folder.
///
/// # Errors
/// If something cannot be read or written.
pub(super) fn run(arguments: &Export) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.place.config)?;
    let key = as_owner_of(&[&config.audit.key], || LogKey::read(&config.audit.key))?
        .context("[audit] key")
        .help("run this on the unit, as its user or as root; copied files can be verified on any computer")?;
    let log = arguments.place.log.clone().unwrap_or(config.audit.path);
    let files = as_owner_of(&[&log], || open(&log))??;
    let public = key.public();
    let against = Against { key: Some(&public), head: None };
    let verify_into = |output: &mut dyn Write| verify(files, against, |line: &Line| output.write_all(&line.bytes));
    let copied = match &arguments.output {
        Some(output) => copy(output, verify_into)?,
        None => verify_into(&mut io::sink()).with_context(|| format!("cannot read {}", log.shown()))?,
    };
    let (None, Some(last)) = (copied.fault(), copied.last) else {
        say(&in_words(&copied));
        say("nothing was exported: the log has a fault, and the unit signs only a whole log");
        return Ok(Answer::No);
    };
    let head = key.signed(&last);
    if let Some(output) = &arguments.output {
        files::replace(&head_path(output), Access::Private, (to_json(&head)? + "\n").as_bytes())?;
    }
    let exported = Exported { records: copied.records, output: arguments.output.clone(), head };
    if arguments.json {
        print_json(&exported)?;
    } else if let Some(output) = &exported.output {
        print(&format!(
            "{}, up to number {}: {} and {}\nstore the head where nobody who can change the log can change it",
            counted(exported.records, "record"),
            last.sequence,
            output.shown(),
            head_path(output).shown()
        ))?;
    } else {
        print_json(&exported.head)?;
    }
    Ok(Answer::Yes)
}

fn head_path(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".head");
    name.into()
}

/// Copies and verifies the log. Writes the whole file or none; a log with a fault leaves no file.
fn copy(
    output: &Path,
    verify_into: impl FnOnce(&mut dyn Write) -> io::Result<Findings>,
) -> Result<Findings, WriteError> {
    let mut found = None;
    let copied = replace_with(output, Access::Private, |file| {
        let mut file = BufWriter::new(file);
        let findings = found.insert(verify_into(&mut file)?);
        file.flush()?;
        if !findings.faults.is_empty() || findings.last.is_none() {
            Err(io::ErrorKind::InvalidData.into())
        } else {
            Ok(())
        }
    });
    match (copied, found) {
        (_, Some(findings)) if !findings.faults.is_empty() || findings.last.is_none() => Ok(findings),
        (copied, findings) => copied.map(|()| findings.unwrap_or_default()),
    }
}
