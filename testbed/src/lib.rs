//! A simulated room.
