//! The reasons to refuse a people database, with their codes and words.

use models::self_test::GoldenError;
use policy::RulesError;
use shared::gallery::{Audience, DoorGroup, GalleryError};
use shared::seal::{EnvelopeError, Fingerprint, Fingerprints};
use std::io;

/// The reason to refuse a database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Refused {
    /// It is truncated, damaged, or not a people database.
    #[error("it cannot be used as a people database: {0}")]
    Damaged(GalleryError),
    /// It was changed after signing, or its signature is by another key than it says.
    #[error("{0}")]
    WronglySigned(GalleryError),
    /// It is not signed.
    #[error("it is not signed; this unit accepts only databases signed by {trusted}")]
    Unsigned {
        /// The signers in the configuration.
        trusted: Fingerprints,
    },
    /// Its signer is not in the configuration.
    #[error("it is signed by {signer}; this unit accepts only databases signed by {trusted}")]
    OtherSigner {
        /// The signer of the database.
        signer: Fingerprint,
        /// The signers in the configuration.
        trusted: Fingerprints,
    },
    /// It does not say which doors it is for, and this unit controls a lock.
    #[error(
        "it does not say which doors it is for, so any door's database could open this one: build it again with \
         `encoder-tool build-db --for`, followed by {}, a group of doors, or \"all\"",
        id_in_words(*unit)
    )]
    NoAudience {
        /// This unit's id.
        unit: Option<Fingerprint>,
    },
    /// It is for other doors.
    #[error("it is for {audience}; this is {}{}", unit_in_words(*unit), groups_in_words(groups))]
    ForOtherDoors {
        /// The doors that it is for.
        audience: Audience,
        /// This unit's id.
        unit: Option<Fingerprint>,
        /// The unit's groups of doors.
        groups: Vec<DoorGroup>,
    },
    /// It is sealed for other units.
    #[error("{0}")]
    SealedForOthers(EnvelopeError),
    /// The unit's own key is not usable.
    #[error("{0:#}")]
    Identity(anyhow::Error),
    /// It was made with other networks.
    #[error("{0}")]
    OtherModel(GalleryError),
    /// It is older than a database that was used. Somebody may want to restore a person who was removed.
    #[error(
        "it is older than the database in use or a former one: its sequence number is {found}, and {least} was used before; \
         to return to the previous database, use `edge-agent rollback`"
    )]
    Older {
        /// Its sequence number.
        found: u64,
        /// The lowest sequence number that is accepted.
        least: u64,
    },
    /// The configured rules are inconsistent with its threshold.
    #[error("the configured rules are inconsistent with its threshold: {0}")]
    Rules(#[from] RulesError),
    /// The networks do not give the expected encodings.
    #[error("the networks failed their self-test: {0}")]
    SelfTest(#[from] GoldenError),
    /// It could not be read or moved into place.
    #[error("the disk failed: {0}")]
    Disk(#[from] io::Error),
    /// There is no such file.
    #[error("the file does not exist")]
    Missing,
    /// A rollback was requested, but the previous database is already in use.
    #[error("it is already in use")]
    UsedAlready,
    /// A rollback named a different database.
    #[error("the rollback names another database")]
    NotAskedFor,
}

impl Refused {
    /// The stable reason code, for the audit log.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "damaged",
            Self::WronglySigned(_) => "wrongly_signed",
            Self::Unsigned { .. } => "unsigned",
            Self::OtherSigner { .. } => "other_signer",
            Self::NoAudience { .. } => "no_audience",
            Self::ForOtherDoors { .. } => "for_other_doors",
            Self::SealedForOthers(_) => "sealed_for_others",
            Self::Identity(_) => "identity",
            Self::OtherModel(_) => "other_model",
            Self::Older { .. } => "older",
            Self::Rules(_) => "rules",
            Self::SelfTest(_) => "self_test_failed",
            Self::Disk(_) => "disk",
            Self::Missing => "missing",
            Self::UsedAlready => "used_already",
            Self::NotAskedFor => "not_asked_for",
        }
    }

    /// Whether no change of the configuration can make the file usable.
    pub(super) fn is_permanent(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::WronglySigned(_))
    }

    pub(super) fn from_gallery_error(error: GalleryError) -> Self {
        match error {
            GalleryError::Signature { .. } => Self::WronglySigned(error),
            GalleryError::OtherModel { .. } => Self::OtherModel(error),
            GalleryError::Envelope(envelope @ EnvelopeError::ForOthers { .. }) => Self::SealedForOthers(envelope),
            other => Self::Damaged(other),
        }
    }
}

fn id_in_words(unit: Option<Fingerprint>) -> String {
    unit.map_or("the id of this unit, once `edge-agent keygen` has made one".to_owned(), |id| {
        format!("this unit's id, {id}")
    })
}

fn unit_in_words(unit: Option<Fingerprint>) -> String {
    unit.map_or("a unit without an id (`edge-agent keygen` makes one)".to_owned(), |id| format!("the unit {id}"))
}

fn groups_in_words(groups: &[DoorGroup]) -> String {
    if groups.is_empty() {
        return ", which belongs to no group of doors".to_owned();
    }
    let names: Vec<String> = groups.iter().map(DoorGroup::to_string).collect();
    format!(", in the group {}", names.join(", "))
}
