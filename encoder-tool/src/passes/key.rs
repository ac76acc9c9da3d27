//! The pass key: how it is made, and where it is read from.

use crate::workstation_keys;
use anyhow::Context;
use clap::Args;
use files::key_file;
use jiff::Timestamp;
use serde::Serialize;
use shared::seal::PassKey;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, ShowPath, ShownPath, print, print_json};
use zeroize::Zeroizing;

/// File name of the pass key's secret half.
const PASS: &str = "pass.key";
const MAKE_ONE: &str = "create one with `encoder-tool pass keygen`";

/// Create the key that signs visitor passes.
///
/// It is not the key that signs people databases: somebody who only issues passes needs no other one. The first pass
/// adds its public half to passes.toml, from which `build-db` puts it into the database.
///
/// Exit codes: 0 the key was created, 2 error.
#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// Folder for the key, instead of ~/.config/encoder-tool
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Create a new key, and rename the existing one to NAME.old-TIME
    #[arg(long)]
    replace: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Made {
    secret: ShownPath,
    public: ShownPath,
    fingerprint: String,
    /// The new path of the replaced key; `null` if there was none.
    put_aside: Option<ShownPath>,
}

/// The pass key to sign with.
#[derive(Clone, Debug, Args)]
pub(super) struct KeyToSignWith {
    /// The pass key, instead of ~/.config/encoder-tool/pass.key
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
}

impl KeyToSignWith {
    /// # Errors
    /// If it cannot be read, is not a pass key, or other users can read it.
    pub(super) fn read(&self) -> anyhow::Result<PassKey> {
        let path = match &self.key {
            Some(path) => path.clone(),
            None => folder()?.join(PASS),
        };
        let text = key_file::read_secret(&path).help(MAKE_ONE)?;
        PassKey::from_text(&text).with_context(|| path.shown().to_string()).help(MAKE_ONE)
    }
}

fn folder() -> anyhow::Result<PathBuf> {
    workstation_keys::folder().context("neither XDG_CONFIG_HOME nor HOME is set").help("name the file with --key")
}

/// Creates the key.
///
/// # Errors
/// If it exists and is not to be replaced, or cannot be written.
pub(super) fn run(arguments: &Keygen) -> anyhow::Result<Answer> {
    let folder = match &arguments.dir {
        Some(folder) => folder.clone(),
        None => folder().help("name a folder with --dir")?,
    };
    let made = make(&folder, arguments.replace)?;
    match arguments.json {
        true => print_json(&made)?,
        false => print(&in_words(&made))?,
    }
    Ok(Answer::Yes)
}

fn make(folder: &Path, replace: bool) -> anyhow::Result<Made> {
    let mut private = DirBuilder::new();
    private.recursive(true).mode(0o700).create(folder).with_context(|| format!("cannot create {}", folder.shown()))?;
    let path = folder.join(PASS);
    if !replace {
        key_file::require_absent(&path).help(
            "use the existing key, or create a new one with --replace, which keeps the old file under another name; \
             passes of the old key stay valid until its [[key]] is removed from passes.toml",
        )?;
    }
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(&mut random[..]).context("cannot get random numbers from the system")?;
    let key = PassKey::from_random(&random);
    let aside = key_file::put_aside(&path, &Timestamp::now().strftime(".old-%Y%m%dT%H%M%SZ").to_string())?;
    key_file::write_halves(&path, &key.to_text(), &key.issuer().to_text())?;
    Ok(Made {
        secret: path.shown(),
        public: key_file::public_path(&path).shown(),
        fingerprint: key.issuer().fingerprint().to_string(),
        put_aside: aside.exists().then(|| aside.shown()),
    })
}

fn in_words(Made { secret, public, fingerprint, put_aside }: &Made) -> String {
    let mut lines = vec![format!("pass key  {secret}   fingerprint {fingerprint}")];
    lines.extend(put_aside.iter().map(|aside| format!("old key   {aside}")));
    lines.push(format!(
        "Keep {secret} secret: it makes passes that open doors. The public half is {public}. After the first pass, build \
         the database and ship it: until then, no unit knows this key."
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_never_lost() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("keys");
        let first = make(&folder, false).unwrap();
        let read = |path: &str| KeyToSignWith { key: Some(path.into()) }.read();
        assert_eq!(read(&first.secret.to_string()).unwrap().issuer().fingerprint().to_string(), first.fingerprint);
        assert!(make(&folder, false).unwrap_err().to_string().contains("already exists"));
        let second = make(&folder, true).unwrap();
        assert_ne!(second.fingerprint, first.fingerprint);
        let aside = read(&second.put_aside.unwrap().to_string()).unwrap();
        assert_eq!(aside.issuer().fingerprint().to_string(), first.fingerprint);
        assert!(read(&first.public.to_string()).is_err(), "the public half signs nothing");
    }
}
