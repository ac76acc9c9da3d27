//! File access that survives crashes and resists attacks through links: durable replacement, reading with a size limit,
//! key files, locks, owners, and a simulated disk that loses power.
//!
//! Both programs write all their files through this crate, with descriptors relative to an opened folder and never
//! through a symbolic link. The programs define the contents of the files.

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
