//! Why a file is not a people database, or a database cannot be made or used.

use super::header::ModelHash;
use super::name::NameError;
use super::person::PersonId;
use alloc::string::String;

/// Why a people database was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GalleryError {
    /// The database was made with another model.
    #[error(
        "the database was made with model {found}, this program runs model {expected}: build it again with this model"
    )]
    OtherModel {
        /// The model that this program runs.
        expected: ModelHash,
        /// The model that the database names.
        found: ModelHash,
    },
    /// A name cannot be used.
    #[error("{name:?}: {source}")]
    Name {
        /// The text.
        name: String,
        /// Why.
        source: NameError,
    },
    /// Two people have the same id.
    #[error("two people have the id {id}")]
    DuplicateId {
        /// The id.
        id: PersonId,
    },
}
