//! Errors of measurements.

/// Why a measurement is not possible.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccuracyError {
    /// The photos give too few comparisons between strangers and enrolled people.
    #[error("too few photos to measure how often a stranger resembles an enrolled person")]
    TooFewPhotos,
    /// No photo of this person shows a face.
    #[error("no photo of {name:?} shows a face")]
    NoFaceOf {
        /// Name of the person.
        name: String,
    },
    /// Nobody can be enrolled, or nobody is left to search for.
    #[error("an identification trial needs people to enrol and strangers to search for")]
    NobodySearched,
}
