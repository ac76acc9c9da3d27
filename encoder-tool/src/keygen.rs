//! `keygen`: creates the workstation's keys. A unit creates its own (`edge-agent keygen`), so its secret never leaves
//! it.

use crate::workstation_keys::{self, SEALING, SIGNING};
use anyhow::Context;
use clap::Args;
use files::key_file;
use jiff::Timestamp;
use serde::Serialize;
use shared::seal::{Fingerprint, Identity, SigningKey};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, ShowPath, ShownPath, print, print_json};
use zeroize::Zeroizing;

/// Create this workstation's keys: one signs people databases, the other opens sealed ones.
///
/// Each key has a secret half, which stays here (mode 0600), and a public half in the file with .pub appended, which
/// may be shown to anybody. Compare fingerprints when you pass one on. A unit creates its own key: `edge-agent keygen`.
///
/// Exit codes: 0 the keys were created, 2 error.
#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// Folder for the keys, instead of ~/.config/encoder-tool
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Create new keys, and rename existing ones to NAME.old-TIME
    #[arg(long)]
    replace: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Made {
    signing: MadeKey,
    sealing: MadeKey,
}

#[derive(Debug, Serialize)]
struct MadeKey {
    secret: ShownPath,
    public: ShownPath,
    fingerprint: String,
    /// The new path of the replaced key; `null` if there was none.
    put_aside: Option<ShownPath>,
}

/// Creates both keys.
///
/// # Errors
/// If a key exists and is not to be replaced, or cannot be written.
pub(crate) fn run(arguments: &Keygen) -> anyhow::Result<Answer> {
    let folder = match &arguments.dir {
        Some(folder) => folder.clone(),
        None => workstation_keys::folder()
            .context("neither XDG_CONFIG_HOME nor HOME is set")
            .help("name a folder with --dir")?,
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
    let [signing, sealing] = [SIGNING, SEALING].map(|name| folder.join(name));
    if !replace {
        for path in [&signing, &sealing] {
            key_file::require_absent(path).help(
                "use the existing keys, or create new ones with --replace, which keeps the old files under another name; \
                 then every unit needs the new signing.key.pub",
            )?;
        }
    }
    let ending = Timestamp::now().strftime(".old-%Y%m%dT%H%M%SZ").to_string();
    let random = || {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut bytes[..]).context("cannot get random numbers from the system").map(|()| bytes)
    };
    let (signing_key, identity) = (SigningKey::from_random(&*random()?), Identity::from_random(&*random()?));
    let (signer, recipient) = (signing_key.signer(), identity.recipient());
    let write = |path: &Path, secret: &str, public: &str, fingerprint: Fingerprint| -> anyhow::Result<MadeKey> {
        let aside = key_file::put_aside(path, &ending)?;
        key_file::write_halves(path, secret, public)?;
        Ok(MadeKey {
            secret: path.shown(),
            public: key_file::public_path(path).shown(),
            fingerprint: fingerprint.to_string(),
            put_aside: aside.exists().then(|| aside.shown()),
        })
    };
    Ok(Made {
        signing: write(&signing, &signing_key.to_text(), &signer.to_text(), signer.fingerprint())?,
        sealing: write(&sealing, &identity.to_text(), &recipient.to_text(), recipient.fingerprint())?,
    })
}

fn in_words(Made { signing, sealing }: &Made) -> String {
    let mut lines = vec![
        format!("signing key  {}   fingerprint {}", signing.secret, signing.fingerprint),
        format!("sealing key  {}   fingerprint {}", sealing.secret, sealing.fingerprint),
    ];
    lines.extend(
        [signing, sealing].into_iter().filter_map(|key| Some(format!("old key      {}", key.put_aside.as_ref()?))),
    );
    lines.push(format!(
        "Keep both secret, and keep a copy in a safe: without {}, no unit accepts a new database.",
        signing.secret
    ));
    lines.push(format!(
        "Copy {} to every unit ([database] signers), and compare its fingerprint there.",
        signing.public
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_never_lost() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a").join("keys");
        let first = make(&folder, false).unwrap();
        assert_ne!(first.signing.fingerprint, first.sealing.fingerprint);
        workstation_keys::signing_key(Path::new(&first.signing.secret.to_string())).unwrap();
        let again = make(&folder, false).unwrap_err();
        assert!(again.to_string().contains("already exists"), "{again}");
        let second = make(&folder, true).unwrap();
        assert_ne!(second.signing.fingerprint, first.signing.fingerprint);
        let aside = workstation_keys::signing_key(Path::new(&second.signing.put_aside.unwrap().to_string())).unwrap();
        assert_eq!(aside.signer().fingerprint().to_string(), first.signing.fingerprint);
        // One half is enough to be asked.
        std::fs::remove_file(folder.join(SIGNING)).unwrap();
        std::fs::remove_file(folder.join(SEALING)).unwrap();
        assert!(make(&folder, false).is_err());
    }
}
