//! The nearest of many encodings in integers.
