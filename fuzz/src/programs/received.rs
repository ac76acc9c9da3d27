//! The input of `edge-agent receive`.

use crate::Answer;
use shared::gallery::DatabaseDigest;

/// Receives a file. What is kept has the announced length and digest; anything else is discarded.
pub fn received(bytes: &[u8]) -> Answer {
    match edge_agent::fuzz_entry_points::received(bytes) {
        Ok((announced, kept)) => {
            assert_eq!(kept.len() as u64, announced.length);
            assert_eq!(DatabaseDigest::from_file(&kept), announced.digest);
            assert_eq!(announced.to_string().parse(), Ok(announced), "it is announced again as it was");
            Answer::Accepted
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Answer::Refused
        }
    }
}
