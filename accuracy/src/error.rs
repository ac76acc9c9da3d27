//! Why something cannot be measured.

/// Why something cannot be measured.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccuracyError {
    /// Fewer comparisons than say how often a stranger is how near.
    #[error("too few photos to say how often a stranger is how near to an enrolled person")]
    TooFewPhotos,
    /// A person is named who has no photo with a face.
    #[error("there is no photo with a face of {name:?}")]
    NoFaceOf {
        /// The name.
        name: String,
    },
    /// No search can be made.
    #[error("nobody can be enrolled, or nobody is a stranger")]
    NobodySearched,
}
