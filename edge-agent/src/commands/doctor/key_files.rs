//! Checks the trusted signing keys and the unit's own key.

use super::finding::Finding;
use crate::config::{Config, Lock, Unsigned};
use crate::database::trust;
use shared::seal::Signer;
use terminal::{ShowPath, on_one_line};

const ABOUT: &str = "keys";

/// Checks whether the keys exist and have the right owner and permissions.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    vec![signers(config), identity(config)]
}

fn signers(config: &Config) -> Finding {
    let moves = config.door.lock == Some(Lock::Gpio);
    let remedy = "add the workstation's signing.key.pub to [database] signers, and build databases with --sign";
    match trust::signers(&config.database) {
        Err(error) => Finding::bad(
            ABOUT,
            on_one_line(&error),
            "check that the file is the workstation's public key, with mode 0644",
        ),
        Ok(signers) if signers.is_empty() => {
            let found = "the unit accepts any database, signed or not";
            let accepted = config.database.unsigned == Some(Unsigned::Accepted);
            if moves && !accepted {
                Finding::bad(ABOUT, "no signer is configured: databases for this unit are not signed", remedy)
            } else {
                Finding::note(ABOUT, found, remedy)
            }
        }
        Ok(signers) => {
            let shown: Vec<String> = signers.iter().map(|signer: &Signer| signer.fingerprint().to_string()).collect();
            Finding::good(ABOUT, format!("accepts databases signed by {}", shown.join(", ")))
        }
    }
}

fn identity(config: &Config) -> Finding {
    let path = &config.database.identity;
    match trust::fingerprint(path) {
        Err(error) => Finding::bad(ABOUT, on_one_line(&error), "set its mode to 0600 and its owner to the unit's user"),
        Ok(None) => {
            let found = format!("this unit has no key of its own ({} does not exist)", path.shown());
            Finding::note(
                ABOUT,
                found,
                "create one with `edge-agent keygen`, so that databases can be sealed for this unit",
            )
        }
        Ok(Some(own)) => Finding::good(ABOUT, format!("this unit's id, the fingerprint of its own key, is {own}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Level;

    #[test]
    fn missing_keys_are_bad_if_a_lock_depends_on_them() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = format!("identity = {:?}\n", folder.path().join("device.key"));
        let lock = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\n";
        for (text, expected) in [
            (format!("[database]\n{nowhere}"), [Level::Note, Level::Note]),
            (format!("[database]\n{nowhere}{lock}"), [Level::Bad, Level::Note]),
            (format!("[database]\nunsigned = \"accepted\"\n{nowhere}{lock}"), [Level::Note, Level::Note]),
            (format!("[database]\nsigners = [\"/nowhere\"]\n{nowhere}"), [Level::Bad, Level::Note]),
        ] {
            let found: Vec<Level> =
                findings(&Config::parse(&text).unwrap()).iter().map(|finding| finding.level).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
