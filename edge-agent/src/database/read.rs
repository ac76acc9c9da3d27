//! Whether bytes are a people database that this unit may use: the one place that decides it.

use anyhow::Context;
use models::golden::GoldenError;
use shared::gallery::{Gallery, GalleryError, ModelHash};
use shared::policy::RulesError;
use std::io;
use std::path::Path;
use terminal::{Help, read_bounded};

/// A larger database is refused before it is read: a hundred thousand people have 14 MB.
pub(super) const MAX_BYTES: u64 = 512 << 20;

/// What a database must be, beyond whole and of the unit's model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    /// The lowest sequence number that is taken.
    pub(crate) least_sequence: u64,
}

/// Why a database is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Refused {
    /// Cut off, damaged, or no people database at all.
    #[error("it is no people database that can be used: {0}")]
    Damaged(GalleryError),
    /// Made with other networks.
    #[error("{0}")]
    OtherModel(GalleryError),
    /// Older than one that was used: somebody may want a person back who was taken out.
    #[error(
        "it is an older one: its sequence number is {found}, and {least} was used before; `edge-agent rollback` goes back to the previous one"
    )]
    Older {
        /// Its sequence number.
        found: u64,
        /// The lowest that is taken.
        least: u64,
    },
    /// The rules of the configuration do not go with its threshold.
    #[error("with its threshold the rules of the configuration make no sense: {0}")]
    Rules(#[from] RulesError),
    /// The networks do not give the numbers that they must.
    #[error("the networks failed their self-test: {0}")]
    SelfTest(#[from] GoldenError),
    /// It could not be read or put into its place.
    #[error("the disk: {0}")]
    Disk(#[from] io::Error),
    /// There is none.
    #[error("there is none")]
    Missing,
    /// Another one was asked for.
    #[error("another one was asked for")]
    NotAskedFor,
}

impl Refused {
    /// The stable code, for the audit log.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "damaged",
            Self::OtherModel(_) => "other_model",
            Self::Older { .. } => "older",
            Self::Rules(_) => "rules",
            Self::SelfTest(_) => "self_test_failed",
            Self::Disk(_) => "disk",
            Self::Missing => "missing",
            Self::NotAskedFor => "not_asked_for",
        }
    }
}

/// The people of a database file, if it is whole, made with this model, and trusted.
///
/// # Errors
/// [`Refused`]
pub(crate) fn read_bytes(bytes: &[u8], model: &ModelHash, trust: &Trust) -> Result<Gallery, Refused> {
    let gallery = Gallery::decode(bytes).map_err(Refused::Damaged)?;
    gallery.require_model(model).map_err(Refused::OtherModel)?;
    let found = gallery.header().sequence;
    if found < trust.least_sequence {
        return Err(Refused::Older { found, least: trust.least_sequence });
    }
    Ok(gallery)
}

/// Reads a database for whoever looks at it once and keeps no books: `check` and `simulate`.
///
/// # Errors
/// If it cannot be read, is not whole, or was made with another model: then both hashes are named.
pub(crate) fn read(path: &Path, model: &ModelHash) -> anyhow::Result<Gallery> {
    let bytes = read_bounded(path, MAX_BYTES).help("`encoder-tool build-db PHOTOS -o FILE` makes a people database")?;
    read_bytes(&bytes, model, &Trust::default()).map_err(|refused| in_file(path, refused))
}

/// The refusal with the file and what to do about it.
pub(crate) fn in_file(path: &Path, refused: Refused) -> anyhow::Error {
    let shown = path.display();
    let (error, help) = match refused {
        Refused::Damaged(error) => (
            Err::<(), _>(error).with_context(|| format!("{shown} is no people database that can be used")),
            "take a whole copy, or build it again with `encoder-tool build-db`",
        ),
        Refused::OtherModel(error) => (
            Err(error).with_context(|| shown.to_string()),
            "build the database with the model of this unit, or configure the model that it was made with",
        ),
        Refused::Missing => (
            Err(anyhow::anyhow!("{shown} is not there")),
            "`encoder-tool build-db PHOTOS -o FILE` makes a people database, `encoder-tool ship` brings it here",
        ),
        other => (Err(other).with_context(|| shown.to_string()), "`encoder-tool ship` brings another one"),
    };
    match error.help(help) {
        Err(error) => error,
        Ok(()) => anyhow::anyhow!("{shown} cannot be used"),
    }
}
