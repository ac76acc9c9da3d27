//! A people database on its way: its bytes, what its head says, and which units of the fleet may use it.

use crate::fleet_toml::Unit;
use shared::gallery::{Audience, DatabaseDigest, DatabaseFile, GalleryError};
use shared::seal::Fingerprint;
use std::sync::Arc;

/// A people database that is shipped.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// The sequence number in its head.
    pub sequence: u64,
    /// SHA-256 of the file.
    pub digest: DatabaseDigest,
    /// Number of people.
    pub people: u32,
    /// The file.
    pub bytes: Arc<Vec<u8>>,
    /// Whether it is sealed: nobody but its recipients can read it.
    pub is_sealed: bool,
    audience: Option<Audience>,
    recipients: Vec<Fingerprint>,
}

/// Why a unit would refuse a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotForUnit {
    /// It is for other doors.
    #[error("it is for {0}")]
    Audience(Audience),
    /// It is sealed for others.
    #[error("it is sealed, but not for this unit")]
    Sealed,
}

impl Shipment {
    /// Reads the head of a database.
    ///
    /// # Errors
    /// If it is not one, or is damaged.
    pub fn new(bytes: Vec<u8>) -> Result<Self, GalleryError> {
        let file = DatabaseFile::parse(&bytes)?;
        let (header, audience) = (*file.header(), file.audience().cloned());
        let recipients = file.recipients().iter().map(shared::seal::Recipient::fingerprint).collect();
        let is_sealed = file.is_sealed();
        Ok(Self {
            sequence: header.sequence,
            digest: DatabaseDigest::from_file(&bytes),
            people: header.people,
            is_sealed,
            audience,
            recipients,
            bytes: Arc::new(bytes),
        })
    }

    /// The name of its file where databases are published.
    pub fn file_name(&self) -> String {
        format!("{}.db", self.digest)
    }

    /// Checks whether a unit may use it and can open it, by what `fleet.toml` says of the unit.
    ///
    /// # Errors
    /// [`NotForUnit`]
    pub fn require_for(&self, unit: &Unit) -> Result<(), NotForUnit> {
        if let Some(audience) = &self.audience
            && !audience.includes(Some(unit.id), &unit.groups)
        {
            return Err(NotForUnit::Audience(audience.clone()));
        }
        match self.is_sealed && !self.recipients.contains(&unit.id) {
            true => Err(NotForUnit::Sealed),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fleet_toml::tests::{fleet_of, log_key};
    use shared::gallery::{GalleryBuilder, ModelHash, Protection, SealFor};
    use shared::seal::{Identity, SealRandomness, SigningKey};

    /// A database without people.
    pub(crate) fn database(sequence: u64, audience: Audience, seal_for: &[Identity]) -> Vec<u8> {
        let mut builder = GalleryBuilder::new(sequence, ModelHash([7; 32]), 4).unwrap();
        builder.set_audience(audience);
        let recipients: Vec<_> = seal_for.iter().map(Identity::recipient).collect();
        let randomness = SealRandomness { ephemeral: [3; 32], contents_key: [4; 32] };
        let seal = (!recipients.is_empty()).then_some(SealFor { recipients: &recipients, randomness });
        let key = SigningKey::from_random(&[5; 32]);
        builder.gallery().encode_protected(&Protection { sign: Some(&key), seal }).unwrap()
    }

    #[test]
    fn a_unit_gets_what_it_may_use_and_can_open() {
        let identity = Identity::from_random(&[9; 32]);
        let id = identity.recipient().fingerprint();
        let unit = |groups: &str| {
            let text = format!(
                "[[unit]]\nname = \"a\"\nid = \"{id}\"\nlog-key = \"{}\"\ngroups = {groups}\nssh = \"a\"",
                log_key(1)
            );
            fleet_of(&text).units()[0].clone()
        };
        let office = Audience::Group("office".parse().unwrap());
        let others = Audience::units(["ffff-8a71-0000-1111-2222".parse().unwrap()]).unwrap();
        let other = Identity::from_random(&[8; 32]);
        for (audience, seal_for, groups, expected) in [
            (Audience::AllDoors, None, "[]", Ok(())),
            (office.clone(), None, "[\"office\"]", Ok(())),
            (office.clone(), None, "[]", Err(NotForUnit::Audience(office.clone()))),
            (others.clone(), None, "[]", Err(NotForUnit::Audience(others))),
            (Audience::AllDoors, Some(&identity), "[]", Ok(())),
            (Audience::AllDoors, Some(&other), "[]", Err(NotForUnit::Sealed)),
        ] {
            let seal_for: Vec<Identity> =
                seal_for.map(|key| Identity::from_text(&key.to_text()).unwrap()).into_iter().collect();
            let shipment = Shipment::new(database(7, audience, &seal_for)).unwrap();
            assert_eq!(shipment.require_for(&unit(groups)), expected);
            assert_eq!((shipment.sequence, shipment.is_sealed), (7, !seal_for.is_empty()));
            assert_eq!(shipment.file_name().len(), 67);
        }
        assert!(Shipment::new(b"no database".to_vec()).is_err());
    }
}
