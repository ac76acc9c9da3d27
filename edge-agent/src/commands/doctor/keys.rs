//! The keys that a unit trusts and the one that is its own.

use super::finding::Finding;
use crate::config::{Config, Lock, Unsigned};
use crate::database::trust;
use shared::seal::Signer;
use terminal::{ShowPath, on_one_line};

const ABOUT: &str = "keys";

/// Whether they are there, and nobody else's to read or change.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    vec![signers(config), identity(config)]
}

fn signers(config: &Config) -> Finding {
    let moves = config.door.lock == Some(Lock::Gpio);
    let remedy = "name signing.key.pub of the workstation in [database] signers, and build databases with --sign";
    match trust::signers(&config.database) {
        Err(error) => Finding::bad(ABOUT, on_one_line(&error), "see that the file is the workstation's, mode 0644"),
        Ok(signers) if signers.is_empty() => {
            let found = "anybody's database is taken, signed or not";
            let accepted = config.database.unsigned == Some(Unsigned::Accepted);
            if moves && !accepted {
                Finding::bad(ABOUT, "nobody signs databases for this unit", remedy)
            } else {
                Finding::note(ABOUT, found, remedy)
            }
        }
        Ok(signers) => {
            let shown: Vec<String> = signers.iter().map(|signer: &Signer| signer.fingerprint().to_string()).collect();
            Finding::good(ABOUT, format!("databases are taken if signed by {}", shown.join(", ")))
        }
    }
}

fn identity(config: &Config) -> Finding {
    let path = &config.database.identity;
    match trust::fingerprint(path) {
        Err(error) => Finding::bad(ABOUT, on_one_line(&error), "chmod 600, and it must belong to the unit's user"),
        Ok(None) => {
            let found = format!("this unit has no key of its own ({} is not there)", path.shown());
            Finding::note(ABOUT, found, "`edge-agent keygen` makes one, so that databases can be sealed for this unit")
        }
        Ok(Some(own)) => Finding::good(ABOUT, format!("this unit's own key, which is its id, is {own}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Level;

    #[test]
    fn a_missing_key_is_as_severe_as_the_feature_it_protects() {
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
