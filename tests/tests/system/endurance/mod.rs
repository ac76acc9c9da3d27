//! What only shows after thousands of frames or a million records: memory that grows, a door that stays open, a chain that
//! breaks. What takes minutes does not run unless asked for: `cargo xtask endurance`. Some have a short form, which does.

mod cluster;
mod collection;
mod crowd;
mod desk;
mod faults;
mod link_latency;
mod link_records;
mod lost_node;
mod memory;
mod osdp_reader;
mod rabbitmq;
mod real_frames;
mod site;
mod site_cut_off;
