//! `passes.toml`: the pass keys, and the passes that were issued and revoked. It alone holds visitors' names.
//!
//! ```toml
//! [[key]]
//! public = "8a88…"
//! fingerprint = "5f0c-8a71-…"
//!
//! [[pass]]
//! id = "00112233aabb"
//! name = "Vera Visitor"
//! doors = ["5f0c-8a71-0000-1111-2222"]
//! from = "2027-01-31T08:00:00Z"
//! to = "2027-01-31T17:00:00Z"
//! uses = 1
//! key = "5f0c-8a71-…"
//! issued = "2027-01-30T12:34:56Z"
//! ```
//!
//! Removing a `[[key]]` stops its passes with the next database. The passes remember their keys, also erased ones, so
//! that no later pass brings such a key back.

use super::times::of_minute;
use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::gallery::PersonName;
use shared::hex::HexError;
use shared::pass::{AcceptedPasses, MAX_PASS_ISSUERS, MAX_REVOKED_PASSES, PassId, RevokedPass};
use shared::seal::PassIssuer;
use std::collections::BTreeSet;

/// How long a revoked pass stays in the databases after its end, for units whose clock is slow.
const MINUTES_AFTER_ITS_END: u64 = 24 * 60;
/// Everything in the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passes {
    /// Fingerprints of keys of which passes were erased.
    #[serde(default, rename = "keys-of-erased-passes", skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) keys_of_erased: BTreeSet<String>,
    #[serde(default, rename = "key", skip_serializing_if = "Vec::is_empty")]
    pub(super) keys: Vec<Key>,
    #[serde(default, rename = "pass", skip_serializing_if = "Vec::is_empty")]
    pub(crate) passes: Vec<Issued>,
}

/// A key whose passes are accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    /// 64 hexadecimal digits.
    public: String,
    fingerprint: String,
}

/// A pass that was issued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issued {
    pub(crate) id: PassId,
    /// The visitor.
    pub(crate) name: String,
    /// Ids of units and names of groups.
    pub(super) doors: Vec<String>,
    pub(super) from: Timestamp,
    /// The first moment after its validity.
    pub(super) to: Timestamp,
    /// `None` for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uses: Option<u8>,
    /// The id of the person whose card is needed as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    /// The fingerprint of the key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    pub(super) issued: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revoked: Option<Timestamp>,
}

/// Why `passes.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PassesError {
    /// Another encoding, such as UTF-16.
    #[error("passes.toml is not UTF-8 text: save it in UTF-8")]
    NotUtf8,
    /// It is not valid TOML, or has unknown or missing keys.
    #[error("passes.toml: {0}")]
    NotToml(#[from] toml::de::Error),
    /// A key's digits are wrong.
    #[error("passes.toml, key {fingerprint:?}: {source}")]
    Digits {
        /// The fingerprint in the file.
        fingerprint: String,
        /// Why.
        source: HexError,
    },
    /// A key was changed.
    #[error(
        "passes.toml, key {0:?}: it is no key, or another one: take its [[key]] from a backup; or remove it, which stops \
         its passes, and make a new key with `encoder-tool pass keygen --replace`"
    )]
    Key(String),
    /// A key was removed, and is to sign a pass again.
    #[error(
        "the pass key {0} was removed from passes.toml, which stopped its passes: make a new key with `encoder-tool pass \
         keygen --replace`"
    )]
    Stopped(String),
    /// There are too many keys.
    #[error("passes.toml has {0} keys, at most {MAX_PASS_ISSUERS} are possible: remove those that are no longer used")]
    Keys(usize),
    /// Two passes have one id.
    #[error("passes.toml, pass {0}: the id occurs twice")]
    IdTwice(PassId),
    /// A name is invalid.
    #[error("passes.toml, pass {id}, name {name:?}: {why}")]
    Name {
        /// The pass.
        id: PassId,
        /// The name.
        name: String,
        /// Why.
        why: String,
    },
    /// Too many passes are revoked.
    #[error(
        "{0} passes are revoked and not over, at most {MAX_REVOKED_PASSES} are possible: make a new key with `encoder-tool \
         pass keygen --replace`, and remove the old [[key]] from passes.toml, which stops all of its passes"
    )]
    Revoked(usize),
}

/// Reads the file.
///
/// # Errors
/// [`PassesError`]
pub(crate) fn parse(bytes: &[u8]) -> Result<Passes, PassesError> {
    let text = str::from_utf8(bytes).map_err(|_| PassesError::NotUtf8)?;
    let passes: Passes = toml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    passes.issuers()?;
    let mut ids = BTreeSet::new();
    for Issued { id, name, .. } in &passes.passes {
        if !ids.insert(*id) {
            return Err(PassesError::IdTwice(*id));
        }
        let unusable = |why: String| PassesError::Name { id: *id, name: name.clone(), why };
        PersonName::parse(name).map_err(|error| unusable(error.to_string()))?;
    }
    Ok(passes)
}

impl Passes {
    fn issuers(&self) -> Result<Vec<PassIssuer>, PassesError> {
        if self.keys.len() > MAX_PASS_ISSUERS {
            return Err(PassesError::Keys(self.keys.len()));
        }
        self.keys.iter().map(Key::issuer).collect()
    }

    /// What a database says about these passes. `now` is in Unix seconds. Passes that are over or stopped need not be
    /// revoked.
    ///
    /// # Errors
    /// [`PassesError`]
    pub(crate) fn accepted(&self, now: i64) -> Result<AcceptedPasses, PassesError> {
        let minute = u64::try_from(now.div_euclid(60)).unwrap_or(0);
        let is_revoked = |pass: &&Issued| pass.revoked.is_some() && !self.is_stopped(pass);
        let revoked = self.passes.iter().filter(is_revoked).map(Issued::as_revoked);
        let revoked: Vec<RevokedPass> =
            revoked.filter(|revoked| revoked.until_minute.saturating_add(MINUTES_AFTER_ITS_END) > minute).collect();
        let count = revoked.len();
        AcceptedPasses::new(self.issuers()?, revoked).ok_or(PassesError::Revoked(count))
    }

    /// Adds a key unless it is there.
    ///
    /// # Errors
    /// If it was removed, or there are too many.
    pub(super) fn add_key(&mut self, issuer: &PassIssuer) -> Result<(), PassesError> {
        let key = Key { public: issuer.to_string(), fingerprint: issuer.fingerprint().to_string() };
        if self.keys.contains(&key) {
            return Ok(());
        }
        let of_passes = self.passes.iter().filter_map(|pass| pass.key.as_ref());
        if self.keys_of_erased.iter().chain(of_passes).any(|known| *known == key.fingerprint) {
            return Err(PassesError::Stopped(key.fingerprint));
        }
        self.keys.push(key);
        self.issuers().map(drop)
    }

    /// Erases all other passes.
    pub(super) fn keep(&mut self, is_kept: impl Fn(&Issued) -> bool) {
        let erased = self.passes.extract_if(.., |pass| !is_kept(pass));
        self.keys_of_erased.extend(erased.filter_map(|pass| pass.key));
    }

    /// Whether the pass's key was removed.
    pub(super) fn is_stopped(&self, pass: &Issued) -> bool {
        pass.key.as_ref().is_some_and(|key| self.keys.iter().all(|known| known.fingerprint != *key))
    }
}

impl Key {
    fn issuer(&self) -> Result<PassIssuer, PassesError> {
        let Self { public, fingerprint } = self;
        let digits = shared::hex::parse(public);
        let bytes = digits.map_err(|source| PassesError::Digits { fingerprint: fingerprint.clone(), source })?;
        let issuer = PassIssuer::from_bytes(&bytes);
        let issuer = issuer.filter(|issuer| issuer.fingerprint().to_string() == *fingerprint);
        issuer.ok_or_else(|| PassesError::Key(fingerprint.clone()))
    }
}

impl Issued {
    fn as_revoked(&self) -> RevokedPass {
        let minutes = self.to.as_second().div_euclid(60) + 1;
        RevokedPass { id: self.id, until_minute: u64::try_from(minutes).unwrap_or(0) }
    }

    /// Whether it may still be used.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.to
    }
}

/// Draws an id that no pass has.
///
/// # Errors
/// If the system provides no random numbers.
pub(super) fn fresh_id(passes: &Passes) -> anyhow::Result<PassId> {
    loop {
        let mut bytes = [0; 6];
        getrandom::fill(&mut bytes).context("cannot get random numbers from the system")?;
        let id = PassId(bytes);
        if !passes.passes.iter().any(|pass| pass.id == id) {
            return Ok(id);
        }
    }
}

/// The validity of a pass as times.
pub(super) fn times(hours: shared::pass::PassHours) -> (Timestamp, Timestamp) {
    (of_minute(u64::from(hours.from_minute)), of_minute(hours.until_minute()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use shared::seal::PassKey;

    pub(crate) fn issued(id: u8, name: &str, to: &str) -> Issued {
        Issued {
            id: PassId([id; 6]),
            name: name.to_owned(),
            doors: vec!["5f0c-8a71-0000-1111-2222".to_owned()],
            from: "2027-01-31T08:00:00Z".parse().unwrap(),
            to: to.parse().unwrap(),
            uses: Some(1),
            host: None,
            key: None,
            issued: "2027-01-30T12:34:56Z".parse().unwrap(),
            revoked: None,
        }
    }

    pub(crate) fn issuer(number: u8) -> PassIssuer {
        PassKey::from_random(&[number; 32]).issuer()
    }

    /// Regression test: "stop all passes" was undone by the next pass, which silently added the removed key again.
    #[test]
    fn a_removed_key_signs_no_more_passes() {
        let mut passes = Passes::default();
        let issue = |passes: &mut Passes, id: u8, key: u8| -> Result<(), PassesError> {
            passes.add_key(&issuer(key))?;
            let key = Some(issuer(key).fingerprint().to_string());
            passes.passes.push(Issued { key, ..issued(id, "Vera", "2027-01-31T17:00:00Z") });
            Ok(())
        };
        issue(&mut passes, 1, 1).unwrap();
        issue(&mut passes, 2, 1).unwrap();
        passes.keys.clear();
        let stopped = passes.clone();
        let refused = issue(&mut passes, 3, 1).unwrap_err().to_string();
        assert!(refused.contains("stopped its passes") && refused.contains("keygen --replace"), "{refused}");
        assert_eq!(passes, stopped);
        passes.keep(|pass| pass.id != PassId([1; 6]));
        issue(&mut passes, 4, 2).unwrap();
        assert_eq!(passes.issuers().unwrap(), [issuer(2)]);
        assert_eq!(passes.passes.iter().map(|pass| passes.is_stopped(pass)).collect::<Vec<_>>(), [true, false]);
        passes.keep(|_| false);
        assert!(issue(&mut passes, 5, 1).is_err());
        issue(&mut passes, 6, 2).unwrap();
        // Removed after its passes were erased.
        passes.keep(|_| false);
        passes.keys.clear();
        passes = parse(toml::to_string(&passes).unwrap().as_bytes()).unwrap();
        assert!(issue(&mut passes, 7, 2).is_err());
        issue(&mut passes, 8, 3).unwrap();
    }

    #[test]
    fn a_database_names_the_keys_and_the_revoked_passes_that_are_not_over() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let revoked = |id, to| Issued { revoked: Some(at("2027-01-30T13:00:00Z")), ..issued(id, "Vera", to) };
        let mut passes = Passes::default();
        passes.add_key(&issuer(1)).unwrap();
        passes.passes = vec![
            issued(1, "Vera", "2027-01-31T17:00:00Z"),
            revoked(2, "2027-01-31T17:00:00Z"),
            revoked(3, "2027-03-31T17:00:00Z"),
        ];
        for (now, expected) in [
            ("2027-01-30T00:00:00Z", &[2, 3][..]),
            ("2027-02-01T16:59:00Z", &[2, 3]),
            ("2027-02-01T17:02:00Z", &[3]),
            ("2027-05-01T00:00:00Z", &[]),
        ] {
            let accepted = passes.accepted(at(now).as_second()).unwrap();
            let ids: Vec<u8> = accepted.revoked().iter().map(|revoked| revoked.id.0[0]).collect();
            assert_eq!((accepted.issuers(), ids.as_slice()), (&[issuer(1)][..], expected), "{now}");
        }
    }

    /// Regression test: with too many revoked passes, no database could be built, and the advice did not change that.
    #[test]
    fn too_many_revoked_passes_end_with_their_key() {
        let to = "2027-01-31T17:00:00Z";
        let mut passes = Passes::default();
        passes.add_key(&issuer(1)).unwrap();
        passes.passes = (0..=MAX_REVOKED_PASSES)
            .map(|number| Issued {
                id: PassId([0, 0, 0, 0, (number >> 8) as u8, number as u8]),
                key: Some(issuer(1).fingerprint().to_string()),
                revoked: Some(to.parse().unwrap()),
                ..issued(0, "Vera", to)
            })
            .collect();
        let refused = passes.accepted(0).unwrap_err().to_string();
        assert!(refused.contains("10001 passes") && refused.contains("remove the old [[key]]"), "{refused}");
        passes.add_key(&issuer(2)).unwrap();
        passes.keys.remove(0);
        let accepted = passes.accepted(0).unwrap();
        assert_eq!((accepted.issuers(), accepted.revoked().len()), (&[issuer(2)][..], 0));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let key = Key { public: issuer(1).to_string(), fingerprint: issuer(1).fingerprint().to_string() };
        let with_key = |public: &str, fingerprint: &str| {
            format!("[[key]]\npublic = \"{public}\"\nfingerprint = \"{fingerprint}\"\n")
        };
        let pass =
            toml::to_string(&Passes { passes: vec![issued(1, "Vera", "2027-01-31T17:00:00Z")], ..Passes::default() })
                .unwrap();
        let other = issuer(2).to_string();
        for (text, expected) in [
            ("passes = []".to_owned(), "unknown field"),
            (with_key("00", "x"), "2 characters instead of 64"),
            (with_key(&key.public, "x"), "it is no key, or another one"),
            (with_key(&other, &key.fingerprint), "it is no key, or another one"),
            (with_key(&"0".repeat(64), &key.fingerprint), "it is no key"),
            (
                (1..=5).map(|n| with_key(&issuer(n).to_string(), &issuer(n).fingerprint().to_string())).collect(),
                "5 keys",
            ),
            (pass.clone() + &pass, "the id occurs twice"),
            (pass.replace("Vera", ""), "name"),
            (pass.replace("Vera", "Ve\\u0007ra"), "control character"),
            (pass.replace("uses = 1", "uses = 256"), "uses"),
            (pass.replace("2027-01-31T17:00:00Z", "2027-01-31T17:00"), "to = "),
            (pass.replace("010101010101", "0101"), "12 hexadecimal"),
            (pass.replace("name", "surname"), "surname"),
        ] {
            let refused = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(refused.contains("passes.toml") && refused.contains(expected), "{text}: {refused}");
        }
        assert!(parse(b"\xff\xfe").unwrap_err().to_string().contains("UTF-8"));
        assert_eq!(parse("\u{feff}".as_bytes()).unwrap(), Passes::default());
    }
}
