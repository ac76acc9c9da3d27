//! Reports the signer, recipients and doors of a database, and warns if they leave a moving lock unprotected.

use crate::config::{Config, Lock};
use crate::database::{Read, trust};
use serde::Serialize;
use shared::gallery::Audience;
use shared::seal::{Fingerprint, Signer};

/// Warning about a database without a list of doors. A unit that moves a lock accepts one only if it used it before an
/// upgrade.
const NO_DOORS: &str = "the database does not say for which doors it is; this unit uses it only because it did so before an \
                        upgrade: build the next one with `encoder-tool build-db --for`";

/// The fingerprints of the keys of a database and a unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct CheckedKeys {
    /// The key that signed the database; `None` if it is not signed.
    pub(super) signed_by: Option<String>,
    /// The trusted signers; if empty, any database is accepted.
    pub(super) signers: Vec<String>,
    /// The keys that the database is sealed for; empty if it is not sealed.
    pub(super) sealed_for: Vec<String>,
    /// The unit's own key, whose fingerprint is the unit's id.
    pub(super) identity: Option<String>,
    /// The doors that the database is for, in words; `None` if it does not name any.
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
            (Some(signer), true) => format!("by {signer}; [database] signers is empty"),
            (Some(signer), false) => format!("by {signer}, a trusted signer"),
        };
        let named =
            |key: &String| if Some(key) == identity.as_ref() { format!("{key} (this unit)") } else { key.clone() };
        let sealed = match (sealed_for.is_empty(), identity) {
            (true, None) => "for nobody; this unit has no key of its own".to_owned(),
            (true, Some(own)) => format!("for nobody; this unit's key is {own}"),
            (false, _) => format!("for {}", sealed_for.iter().map(named).collect::<Vec<_>>().join(", ")),
        };
        let doors = audience.as_ref().map_or("not named".to_owned(), |doors| format!("for {doors}"));
        format!("signed         {signed}\nsealed         {sealed}\ndoors          {doors}")
    }

    /// Warnings for a unit that moves a lock.
    pub(super) fn warnings(&self, config: &Config) -> Vec<String> {
        if config.door.lock != Some(Lock::Gpio) {
            return Vec::new();
        }
        let mut warnings = Vec::new();
        if self.audience.is_none() {
            warnings.push(NO_DOORS.to_owned());
        }
        if self.signers.is_empty() {
            warnings.push(
                "[database] signers is empty: anybody who can write the database decides who comes in".to_owned(),
            );
        }
        if self.sealed_for.is_empty() {
            warnings.push(
                "the database is not sealed: anybody who has the SD card can read its names, faces and cards; see \
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
                "by a; [database] signers is empty",
                "for nobody; this unit's key is u",
            ),
            (checked(Some("a"), &["b", "a"], &["o", "u"], Some("u")), "by a, a trusted signer", "for o, u (this unit)"),
        ] {
            let expected = format!("signed         {signed}\nsealed         {sealed}\ndoors          for all doors");
            assert_eq!(keys.in_words(), expected);
        }
        let without_doors = CheckedKeys { audience: None, ..checked(None, &[], &[], None) };
        assert!(without_doors.in_words().ends_with("doors          not named"));
    }

    #[test]
    fn an_unprotected_database_that_moves_a_lock_gives_warnings() {
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
