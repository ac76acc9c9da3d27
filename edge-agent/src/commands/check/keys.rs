//! Who signed the database, who can read it, and with which key.

use crate::config::{Config, Lock};
use crate::database::{Read, trust};
use serde::Serialize;
use shared::gallery::Audience;
use shared::seal::{Fingerprint, Signer};

/// A unit that moves a lock takes such a database only if it used it before an upgrade.
const UPGRADED: &str = "the database does not say for which doors it is, and is used only because this unit used it before \
                        databases said so: build the next one with `encoder-tool build-db --for`";

/// Fingerprints of the keys, all of which are as they should be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct CheckedKeys {
    /// Nobody may have.
    pub(super) signed_by: Option<String>,
    /// Whose databases are taken; anybody's if nobody is named.
    pub(super) signers: Vec<String>,
    /// Empty if it is not sealed.
    pub(super) sealed_for: Vec<String>,
    /// The unit's own key, which is its id.
    pub(super) identity: Option<String>,
    /// The doors that the database is for, in words; it may not say.
    pub(super) audience: Option<String>,
}

impl CheckedKeys {
    /// # Errors
    /// If a key cannot be used.
    pub(super) fn new(config: &Config, read: &Read) -> anyhow::Result<Self> {
        let shown = |fingerprints: &[Fingerprint]| fingerprints.iter().map(Fingerprint::to_string).collect();
        let signers: Vec<Fingerprint> = trust::signers(&config.database)?.iter().map(Signer::fingerprint).collect();
        Ok(Self {
            signed_by: read.signer.map(|signer| signer.to_string()),
            signers: shown(&signers),
            sealed_for: shown(&read.recipients),
            identity: trust::fingerprint(&config.database.identity)?.map(|own| own.to_string()),
            audience: read.gallery.audience().map(Audience::to_string),
        })
    }

    pub(super) fn in_words(&self) -> String {
        let Self { signed_by, signers, sealed_for, identity, audience } = self;
        let signed = match (signed_by, signers.is_empty()) {
            (None, _) => "by nobody".to_owned(),
            (Some(signer), true) => format!("by {signer}; [database] signers names nobody"),
            (Some(signer), false) => format!("by {signer}, as [database] signers wants it"),
        };
        let named =
            |key: &String| if Some(key) == identity.as_ref() { format!("{key} (this unit)") } else { key.clone() };
        let sealed = match (sealed_for.is_empty(), identity) {
            (true, None) => "for nobody; this unit has no key of its own".to_owned(),
            (true, Some(own)) => format!("for nobody; this unit's key is {own}"),
            (false, _) => format!("for {}", sealed_for.iter().map(named).collect::<Vec<_>>().join(", ")),
        };
        let doors = audience.as_ref().map_or("it does not say for which".to_owned(), |doors| format!("for {doors}"));
        format!("signed         {signed}\nsealed         {sealed}\ndoors          {doors}")
    }

    /// Where a lock is moved.
    pub(super) fn warnings(&self, config: &Config) -> Vec<String> {
        if config.door.lock != Some(Lock::Gpio) {
            return Vec::new();
        }
        let mut warnings = Vec::new();
        if self.audience.is_none() {
            warnings.push(UPGRADED.to_owned());
        }
        if self.signers.is_empty() {
            warnings.push(
                "[database] signers names nobody: anybody who can write the database decides who comes in".to_owned(),
            );
        }
        if self.sealed_for.is_empty() {
            warnings.push(
                "the database is not sealed: anybody who gets at the card reads names, faces and cards from it; see \
                 `encoder-tool build-db --encrypt-to`"
                    .to_owned(),
            );
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(signed_by: Option<&str>, signers: &[&str], sealed_for: &[&str], identity: Option<&str>) -> CheckedKeys {
        let owned = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
        CheckedKeys {
            signed_by: signed_by.map(str::to_owned),
            signers: owned(signers),
            sealed_for: owned(sealed_for),
            identity: identity.map(str::to_owned),
            audience: Some("all doors".to_owned()),
        }
    }

    #[test]
    fn words() {
        for (keys, signed, sealed) in [
            (checked(None, &[], &[], None), "by nobody", "for nobody; this unit has no key of its own"),
            (
                checked(Some("a"), &[], &[], Some("u")),
                "by a; [database] signers names nobody",
                "for nobody; this unit's key is u",
            ),
            (
                checked(Some("a"), &["b", "a"], &["o", "u"], Some("u")),
                "by a, as [database] signers wants it",
                "for o, u (this unit)",
            ),
        ] {
            let expected = format!("signed         {signed}\nsealed         {sealed}\ndoors          for all doors");
            assert_eq!(keys.in_words(), expected);
        }
        let of_before = CheckedKeys { audience: None, ..checked(None, &[], &[], None) };
        assert!(of_before.in_words().ends_with("doors          it does not say for which"));
    }

    #[test]
    fn a_lock_with_an_unprotected_database_is_warned_about() {
        let lock = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\n";
        for (text, keys, expected) in [
            ("", checked(None, &[], &[], None), &[][..]),
            (lock, checked(Some("a"), &["a"], &["u"], Some("u")), &[]),
            (lock, checked(Some("a"), &["a"], &[], None), &["not sealed"]),
            (lock, checked(None, &[], &[], None), &["decides who comes in", "not sealed"]),
            (
                lock,
                CheckedKeys { audience: None, ..checked(Some("a"), &["a"], &["u"], Some("u")) },
                &["does not say for which doors"],
            ),
        ] {
            let warnings = keys.warnings(&Config::parse(text).unwrap());
            assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
            assert!(warnings.iter().zip(expected).all(|(warning, part)| warning.contains(part)), "{warnings:?}");
        }
    }
}
