//! Trials through the real pipeline. To be filled in.
