//! `encoder-tool desk`: over HTTP as an attacker, and in a real browser as an office manager.

mod attacks;
mod changes;
mod client;
mod enrolling;
mod hours;
mod story;

use client::Client;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tests::program;

/// A desk that runs, with an office of its own.
pub(crate) struct Desk {
    folder: TempDir,
    child: Child,
    pub(crate) link: String,
}

impl Desk {
    /// Starts it over a folder that has a folder `people`; it may be empty.
    pub(crate) fn start(folder: TempDir) -> Self {
        fs::create_dir_all(folder.path().join("people")).unwrap();
        let mut command = Command::new(program("encoder-tool"));
        command
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .args(["desk", "people", "--no-browser", "--json"])
            .current_dir(folder.path());
        command.env("XDG_CONFIG_HOME", folder.path().join("config")).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        let link = started["link"].as_str().unwrap().to_owned();
        Self { folder, child, link }
    }

    /// The same with these files in the folder of people.
    fn with_people(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, contents) in files {
            super::made::put(folder.path(), &format!("people/{path}"), contents);
        }
        Self::start(folder)
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Everything in the folder of people, with its contents.
    fn people(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn add(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => add(&path, found),
                    false => found.push((path.clone(), fs::read(path).unwrap())),
                }
            }
        }
        let mut found = Vec::new();
        add(&self.file("people"), &mut found);
        found.sort();
        found
    }

    /// Everything in the cache.
    fn cached(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.file("cache")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }

    /// Sends SIGTERM, and waits for the exit code.
    fn stop(&mut self) -> Option<i32> {
        let stopped = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(stopped.success());
        self.child.wait().unwrap().code()
    }

    /// Opens the session.
    fn client(&self) -> Client {
        Client::open(&self.link)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
