//! Why a file was not fetched.

use super::place::NotAPlace;
use shared::gallery::{DatabaseDigest, MAX_DATABASE_BYTES};
use std::io;

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The notice names no place that can be used.
    #[error("the place in the notice cannot be used: {0}")]
    Place(#[from] NotAPlace),
    /// The configuration does not allow this host.
    #[error("the configuration does not allow files from {host}: see fleet.file-hosts")]
    Host {
        /// The host.
        host: String,
    },
    /// The notice announces a length that no database has.
    #[error("{announced} bytes are announced; a people database has 1 to {MAX_DATABASE_BYTES}")]
    Length {
        /// The announced length.
        announced: u64,
    },
    /// The server cannot be reached, or its certificate is not trusted.
    #[error("the server cannot be reached: {0}")]
    Connection(io::Error),
    /// The server does not speak HTTP, or the connection broke.
    #[error("the connection to the server broke")]
    Http(#[from] hyper::Error),
    /// The answer's header did not arrive in time.
    #[error("the server gave no answer within {seconds} s")]
    NoAnswer {
        /// How long the link has waited.
        seconds: u64,
    },
    /// The body arrives too slowly.
    #[error("the server is too slow: {arrived} bytes in {seconds} s")]
    TooSlow {
        /// What has arrived.
        arrived: u64,
        /// In this time.
        seconds: u64,
    },
    /// The file did not arrive in the longest time of an attempt.
    #[error("the file has not arrived within {seconds} s: {arrived} of {announced} bytes")]
    TooLong {
        /// How long the attempt was.
        seconds: u64,
        /// What has arrived so far.
        arrived: u64,
        /// The announced length.
        announced: u64,
    },
    /// The server sends the link elsewhere.
    #[error("the server redirects to another address, which is not followed: name that address in the notice")]
    Redirect,
    /// The server does not have the file, or does not give it.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// The server compresses the file although it was asked not to.
    #[error("the server changes the file (content-encoding): switch compression off for it")]
    Encoded,
    /// The server sends another part than the one that was asked for.
    #[error("the server sends another part of the file than the one that was asked for")]
    WrongPart,
    /// The file on the server was replaced between two parts.
    #[error("the file on the server has changed")]
    Changed,
    /// The file on the server has another length.
    #[error("the file on the server has {found} bytes instead of {announced}")]
    OtherLength {
        /// The length that the server states.
        found: u64,
        /// The announced length.
        announced: u64,
    },
    /// More bytes than announced came.
    #[error("the server sends more than the announced {announced} bytes")]
    Endless {
        /// The announced length.
        announced: u64,
    },
    /// The body ended early.
    #[error("the file broke off after {arrived} of {announced} bytes")]
    CutOff {
        /// What has arrived so far.
        arrived: u64,
        /// The announced length.
        announced: u64,
    },
    /// The complete file is another one.
    #[error("the file has the SHA-256 {found} instead of {announced}")]
    Digest {
        /// Of the file that was fetched.
        found: DatabaseDigest,
        /// In the notice.
        announced: DatabaseDigest,
    },
    /// The file cannot be written or read.
    #[error("the file cannot be kept in the link's folder: {0}; free some space")]
    Disk(io::Error),
    /// Another notice takes its place.
    #[error("another notice takes its place")]
    Replaced,
}

impl FetchError {
    /// Whether the bytes that have arrived are of no use for another attempt.
    pub(super) fn spoils_what_arrived(&self) -> bool {
        matches!(self, Self::WrongPart | Self::Changed | Self::Endless { .. } | Self::Digest { .. })
    }
}
