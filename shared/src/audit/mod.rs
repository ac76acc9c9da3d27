//! What is kept of a decision: one record for each approach, each with the hash of the one before.
