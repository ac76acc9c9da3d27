//! What only shows after thousands of frames: memory that grows, a door that stays open, a chain that breaks. Each takes
//! minutes, so that none runs unless asked for: `cargo xtask endurance`.

mod crowd;
mod faults;
mod memory;
mod osdp_reader;
mod real_frames;
