//! Files that survive crashes and cannot be turned against the program that touches them: durable replacement, bounded
//! reading, key files, locks, owners, and a simulated disk that loses power.
//!
//! Every file that the two programs write is written here, by descriptors relative to an opened folder, and never through
//! a symbolic link. What the files contain is the programs' business.

#![forbid(unsafe_code)]

mod bounded;
mod directory;
pub mod key_file;
mod lock;
pub mod owner;
mod replace;
mod staged;
mod storage;

pub use bounded::{ReadError, read_bounded};
pub use directory::{Directory, folder_of, name_of};
pub use lock::{FolderLock, LockError, wait_for_folder};
pub use replace::{Access, WriteError, replace, replace_with, require_replaceable};
pub use staged::StagedFile;
pub use storage::{Folder, Memory, NotSynced, Operation, Storage, power_cut};
