//! `ship`: a people database to a door unit over ssh, and the unit's own word that it runs it.
//!
//! The file is written beside the one in use, synced and renamed, so that the unit never reads half of it. The unit looks
//! at it and takes it into use, or says why not; this waits for its answer and prints the receipt. ssh itself is the
//! system's: its keys, its known hosts, its questions.

use crate::args::Ship;
use crate::database;
use anyhow::{Context, Result, bail};
use models::bundle::sha256;
use serde::Serialize;
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use terminal::{Answer, Help, Verbosity, print, print_json};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(300);

/// What came of it.
#[derive(Debug, Serialize)]
struct Receipt {
    host: String,
    /// Of the database that was shipped.
    sequence: u64,
    /// SHA-256 of its file, in hexadecimal.
    digest: String,
    people: usize,
    encodings: usize,
    /// Whether the unit says that it runs it.
    running: bool,
    /// Why not, in the unit's words.
    refused: Option<String>,
    /// From the last byte to the unit's answer.
    seconds: f64,
}

/// What the unit says of a database.
enum Word {
    Runs,
    Refuses(String),
    NothingYet,
}

/// Ships and waits. Yes if the unit runs the database.
///
/// # Errors
/// If the file is no database, ssh fails, or no unit answers.
pub(crate) fn run(arguments: &Ship, verbosity: Verbosity) -> Result<Answer> {
    let header = database::read_outside(&arguments.db)?.header;
    let bytes = fs::read(&arguments.db).with_context(|| arguments.db.display().to_string())?;
    let digest = sha256(&bytes);
    verbosity.note(&format!("{}: shipping {} bytes to {}", arguments.db.display(), bytes.len(), arguments.host));
    upload(arguments, &bytes)?;
    let sent = Instant::now();
    let patience = Duration::from_secs(u64::from(arguments.wait));
    let word = loop {
        match ask(arguments, &digest)? {
            Word::NothingYet if sent.elapsed() < patience => thread::sleep(PAUSE),
            word => break word,
        }
    };
    let refused = match word {
        Word::Refuses(reason) => Some(reason),
        Word::Runs => None,
        Word::NothingYet => Some(format!("it said nothing about it for {} s: does a unit run there?", arguments.wait)),
    };
    let receipt = Receipt {
        host: arguments.host.clone(),
        sequence: header.sequence,
        digest,
        people: header.people as usize,
        encodings: header.encodings as usize,
        running: refused.is_none(),
        refused,
        seconds: sent.elapsed().as_secs_f64(),
    };
    match arguments.json {
        true => print_json(&receipt)?,
        false => print(&in_words(&receipt))?,
    }
    Ok(Answer::yes_if(receipt.running))
}

fn in_words(receipt: &Receipt) -> String {
    let Receipt { host, sequence, digest, people, encodings, refused, seconds, .. } = receipt;
    let what = format!("sequence {sequence}, {people} people, {encodings} encodings, SHA-256 {digest}");
    match refused {
        None => format!("{host} runs it after {seconds:.1} s: {what}"),
        Some(reason) => format!("{host} does NOT run it, and goes on with what it had: {reason}\n{what}"),
    }
}

/// Writes the file beside the one in use, and renames it when it is whole and on the disk.
fn upload(arguments: &Ship, bytes: &[u8]) -> Result<()> {
    let incoming = quoted(&format!("{}.incoming", arguments.remote_db));
    let part = quoted(&format!("{}.incoming.part", arguments.remote_db));
    let script = format!("umask 077 && cat > {part} && sync {part} && mv -f {part} {incoming}");
    let mut ssh = ssh(arguments, &script);
    let mut child = ssh.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("ssh cannot be started")?;
    let written = child.stdin.take().map(|mut stdin| std::io::Write::write_all(&mut stdin, bytes));
    let ended = child.wait().context("ssh")?;
    if !ended.success() || written.is_none_or(|written| written.is_err()) {
        return Err(anyhow::anyhow!("the file could not be written to {} on {}", arguments.remote_db, arguments.host))
            .help("may this user write there? --sudo writes as the user edge-agent; what ssh said stands above");
    }
    Ok(())
}

fn ask(arguments: &Ship, digest: &str) -> Result<Word> {
    let script = format!("edge-agent status --json --config {}", quoted(&arguments.remote_config));
    let output = ssh(arguments, &script).stdin(Stdio::null()).output().context("ssh cannot be started")?;
    match output.status.code() {
        // 1 is a unit that has no camera: it may know people all the same.
        Some(0 | 1) => {
            Ok(word(&serde_json::from_slice(&output.stdout).context("the unit's answer is no JSON")?, digest))
        }
        Some(255) => bail!("ssh to {} failed", arguments.host),
        // No unit answers, yet.
        _ => Ok(Word::NothingYet),
    }
}

/// What a unit's status says about the database of that digest.
fn word(status: &Value, digest: &str) -> Word {
    let database = &status["database"];
    if database["digest"] == digest {
        return Word::Runs;
    }
    match &database["refused"] {
        refused if refused["digest"] == digest => {
            Word::Refuses(refused["reason"].as_str().unwrap_or("it does not say why").to_owned())
        }
        _ => Word::NothingYet,
    }
}

/// ssh, about to run a shell's line on the unit.
fn ssh(arguments: &Ship, script: &str) -> Command {
    let mut ssh = Command::new("ssh");
    arguments.port.map(|port| ssh.args(["-p", &port.to_string()]));
    arguments.identity.as_ref().map(|identity| ssh.arg("-i").arg(identity));
    arguments.ssh_options.iter().for_each(|option| {
        ssh.args(["-o", option]);
    });
    let script = match arguments.sudo {
        true => format!("sudo -n -u edge-agent sh -c {}", quoted(script)),
        false => script.to_owned(),
    };
    // A host that begins with a dash must not become an option.
    ssh.arg("--").arg(&arguments.host).arg(script);
    ssh
}

/// One word of a shell's line, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_shell_reads_a_quoted_word_as_it_was() {
        for word in ["people.db", "it's; rm -rf $HOME `id`", "'", "", "a b\nc"] {
            let output = Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }

    #[test]
    fn what_a_unit_says() {
        let status = json!({ "database": { "digest": "aa", "refused": { "digest": "bb", "reason": "too old" } } });
        assert!(matches!(word(&status, "aa"), Word::Runs));
        assert!(matches!(word(&status, "bb"), Word::Refuses(reason) if reason == "too old"));
        assert!(matches!(word(&status, "cc"), Word::NothingYet));
        assert!(matches!(word(&json!({}), "aa"), Word::NothingYet));
    }
}
