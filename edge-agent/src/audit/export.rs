//! `audit export`: the whole log in one file, and a head that vouches for it, signed by the unit.

use super::args::Export;
use super::verify::in_words;
use crate::audit_log::read::{folder_and_name, open};
use crate::audit_log::verify::{Against, verify};
use crate::audit_log::{LogKey, SignedHead};
use crate::config::Config;
use crate::storage::{Folder, Storage};
use anyhow::Context;
use serde::Serialize;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, print, print_json, say, to_json};

#[derive(Serialize)]
struct Exported {
    records: u64,
    output: Option<PathBuf>,
    head: SignedHead,
}

/// Writes log and head. No if the log has a fault.
///
/// # Errors
/// If something cannot be read or written.
pub(super) fn run(arguments: &Export) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.place.config)?;
    let key = LogKey::read(&config.audit.key)
        .context("[audit] key")
        .help("export where the unit runs, as its user or as root; copied files can be verified anywhere")?;
    let log = arguments.place.log.clone().unwrap_or(config.audit.path);
    let part = arguments.output.as_deref().map(Part::beside).transpose()?;
    let mut output = part.as_ref().map(|part| BufWriter::new(&part.file));
    let public = key.public();
    let against = Against { key: Some(&public), head: None };
    let each = |line: &crate::audit_log::read::Line| output.as_mut().map_or(Ok(()), |file| file.write_all(&line.bytes));
    let found = verify(open(&log)?, against, each).with_context(|| format!("cannot copy {}", log.display()))?;
    let (None, Some(last)) = (&found.fault, found.last) else {
        say(&in_words(&found));
        say("nothing is exported: what is not whole is not vouched for");
        return Ok(Answer::No);
    };
    drop(output);
    let head = key.signed(&last);
    if let Some(part) = part {
        part.finish(&head)?;
    }
    let exported = Exported { records: found.records, output: arguments.output.clone(), head };
    if arguments.json {
        print_json(&exported)?;
    } else if let Some(output) = &exported.output {
        print(&format!(
            "{} records, up to {}: {} and {}\nkeep the head where nobody who can change the log can change it",
            exported.records,
            last.sequence,
            output.display(),
            head_path(output).display()
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

/// A file that is not whole yet; it is removed unless it is finished.
struct Part {
    path: PathBuf,
    output: PathBuf,
    file: File,
}

impl Part {
    fn beside(output: &Path) -> anyhow::Result<Self> {
        let mut path = output.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let file = file.with_context(|| format!("cannot write {}", output.display()))?;
        Ok(Self { path, output: output.to_owned(), file })
    }

    fn finish(self, head: &SignedHead) -> anyhow::Result<()> {
        let output = self.output.clone();
        let write = || -> anyhow::Result<()> {
            self.file.sync_all()?;
            fs::rename(&self.path, &self.output)?;
            let (folder, _) = folder_and_name(&self.output)?;
            let head_path = head_path(&self.output);
            let (_, head_name) = folder_and_name(&head_path)?;
            Ok(Folder::at(folder).replace(head_name, (to_json(head)? + "\n").as_bytes())?)
        };
        write().with_context(|| format!("cannot write {}", output.display()))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already if it was finished.
        let _removed = fs::remove_file(&self.path);
    }
}
