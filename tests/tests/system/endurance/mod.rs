//! What only shows after thousands of frames: memory that grows, a door that stays open, a chain that breaks. Each takes
//! minutes, so that none runs unless asked for: `cargo xtask endurance`.

mod crowd;
mod faults;
mod lost_node;
mod memory;
mod osdp_reader;
mod rabbitmq;
mod real_frames;
