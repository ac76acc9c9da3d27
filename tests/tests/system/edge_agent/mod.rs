//! The door unit: `edge-agent`.

mod aim;
mod audit;
mod bad_input;
mod cards;
mod check;
mod control;
mod core_dumps;
mod databases;
pub(crate) mod disks;
mod doctor;
mod drill;
mod forms;
mod infrared;
mod keys;
pub(crate) mod link_socket;
mod lock;
mod moments;
mod office;
pub(crate) mod osdp;
mod owners;
mod passes;
mod run;
pub(crate) mod running;
pub(crate) mod shipped;
mod signals;
mod simulate;
mod status;
mod strange_paths;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tests::{photos, program};

/// The program with these arguments.
pub(crate) fn edge_agent<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program("edge-agent"));
    command.args(arguments);
    command
}

/// The simulation of a photo or a folder, with the people of `photos/enrol` enrolled.
fn simulate(frames: &Path) -> Command {
    let mut command = edge_agent(["simulate", "--db"]);
    command.arg(super::encoder_tool::enrolled()).arg("--frames").arg(frames);
    command
}

/// A photo that comes to the door.
pub(crate) fn at_the_door(name: &str) -> PathBuf {
    photos().join("door").join(name)
}

/// A folder with one file in it, and the path of the file.
fn one_file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// The bundled encoder, but for the place where it expects the nose: other encodings, another model.
fn another_model() -> TempDir {
    let (folder, bundled) =
        (tempfile::tempdir().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bundled/sface"));
    for file in fs::read_dir(bundled).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    let manifest = folder.path().join("manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let moved = text.replace("[56.0252, 71.7366]", "[56.0252, 70.7366]");
    assert_ne!(moved, text);
    fs::write(manifest, moved).unwrap();
    folder
}
