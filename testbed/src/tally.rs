//! Counts findings. To be filled in.
