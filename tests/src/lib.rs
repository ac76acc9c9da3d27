//! What the system tests share: where the programs and the photos are, and what a program said.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "its paths are of its own making")]

pub mod onnx_file;
pub mod runnable;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program of this workspace, as `cargo build --release` made it.
///
/// # Panics
/// If it has not been built.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    // A test is in target/release/deps, programs are one up.
    let program = test.parent().and_then(Path::parent).unwrap_or(Path::new(".")).join(name);
    assert!(program.is_file(), "{} is not there; build it first: cargo build --release", program.display());
    program
}

/// The folder of photos: `enrol/<person>/` and `door/`.
pub fn photos() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("photos")
}

/// The environment that the unit file gives to the door unit: names and values.
///
/// # Panics
/// If the file is not there.
pub fn service_environment() -> Vec<(String, String)> {
    let file = service_file();
    let lines = file.lines().filter_map(|line| line.strip_prefix("Environment="));
    let pairs = lines.flat_map(str::split_whitespace).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The unit file of the door unit.
///
/// # Panics
/// If the file is not there.
pub fn service_file() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/edge-agent.service");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// What it answered.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

/// Runs a program to its end.
///
/// # Panics
/// If it cannot be started, a signal ended it, it panicked, or it printed what is not UTF-8.
pub fn said(command: &mut Command) -> Said {
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?}: {error}"),
    };
    let text = |bytes| String::from_utf8(bytes).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    let Some(code) = output.status.code() else { panic!("{command:?} ended with {}: {stderr}", output.status) };
    assert!(!stderr.contains("panicked"), "{command:?}: {stderr}");
    Said { code, stdout, stderr }
}

impl Said {
    /// The JSON objects that it printed, one a line, each with `"schema": 1`.
    ///
    /// # Panics
    /// If it printed anything else.
    pub fn json_lines(&self) -> Vec<Value> {
        let object = |line: &str| {
            let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert_eq!(object["schema"], 1, "{line}");
            object
        };
        self.stdout.lines().map(object).collect()
    }

    /// The one JSON object that it printed.
    ///
    /// # Panics
    /// If it printed anything else.
    pub fn json(&self) -> Value {
        let mut objects = self.json_lines();
        assert_eq!(objects.len(), 1, "{self:?}");
        objects.swap_remove(0)
    }
}
