//! A real browser that a test commands: Chromium, with a webcam that shows photos. A page that reports an error, or asks another
//! computer for something, fails the test. `tests/browser/driver.mjs` carries the commands out; what a page should show is the
//! test's business.

mod camera;
mod itself;

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything in a page takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);
const CHROMIUM: &str = "/usr/bin/chromium";

/// A browser with one page. Its profile is deleted with it.
pub(crate) struct Browser {
    folder: TempDir,
    driver: Child,
    commands: ChildStdin,
    answers: Receiver<String>,
    tolerated: Vec<String>,
}

/// Something on a page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On<'a> {
    /// Its role for screen readers (`button`, `link`, `heading`) and its whole name.
    Role(&'a str, &'a str),
    /// The whole label of a field. Around a list, it would include the options: use the role `combobox`.
    Label(&'a str),
    /// A part of its text, in any case.
    Text(&'a str),
    /// A CSS selector.
    Css(&'a str),
}

impl Browser {
    /// Starts it with an empty page; `None` if it is not installed. Its webcam is missing until it shows something.
    pub(crate) fn start() -> Option<Self> {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let packages = project.join("target/browser");
        let needed = [PathBuf::from(CHROMIUM), packages.join("playwright-core"), packages.join("axe-core")];
        if let Some(missing) = needed.iter().find(|path| !path.exists()) {
            println!("skipped: {} is not there; `cargo xtask test tests` installs it", missing.display());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("node");
        command.arg(project.join("tests/browser/driver.mjs")).arg(packages.canonicalize().unwrap()).arg(CHROMIUM);
        command.arg(camera_file(&folder)).arg(PATIENCE.as_millis().to_string());
        // The profile and everything else that it leaves.
        command.env("TMPDIR", folder.path()).env("HOME", folder.path());
        let mut driver = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let (answering, answers) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| answering.send(line)));
        let commands = driver.stdin.take().unwrap();
        let started = Self { folder, driver, commands, answers, tolerated: Vec::new() };
        started.answer().unwrap_or_else(|error| panic!("the browser does not start: {error}"));
        Some(started)
    }

    /// From when a page opens the webcam again, that shows this photo. Its faces are 70 to 190 pixels wide in `tests/photos`.
    pub(crate) fn camera_shows(&self, photo: &Path) {
        self.camera_shows_near(photo, 420);
    }

    /// The same with the photo this many pixels wide; the webcam sees 640.
    pub(crate) fn camera_shows_near(&self, photo: &Path, width: u32) {
        let film = self.folder.path().join("next.mjpeg");
        fs::write(&film, camera::film(photo, width)).unwrap();
        fs::rename(&film, camera_file(&self.folder)).unwrap();
    }

    /// Pages may report errors that contain this.
    pub(crate) fn tolerates(&mut self, part: &str) {
        self.tolerated.push(part.to_owned());
    }

    #[track_caller]
    pub(crate) fn open(&mut self, link: &str) {
        self.carry_out(&json!({"do": "open", "link": link}));
    }

    #[track_caller]
    pub(crate) fn reload(&mut self) {
        self.carry_out(&json!({"do": "reload"}));
    }

    #[track_caller]
    pub(crate) fn click(&mut self, on: On) {
        self.carry_out(&json!({"do": "click", "on": on.to_json()}));
    }

    /// Writes into a field, instead of what is there.
    #[track_caller]
    pub(crate) fn fill(&mut self, field: On, text: &str) {
        self.carry_out(&json!({"do": "fill", "on": field.to_json(), "text": text}));
    }

    /// Selects the option with this text.
    #[track_caller]
    pub(crate) fn select(&mut self, list: On, text: &str) {
        self.carry_out(&json!({"do": "select", "on": list.to_json(), "text": text}));
    }

    /// A key by its name (`Enter`, `a`, `Control+a`), pressed where the focus is.
    #[track_caller]
    pub(crate) fn press(&mut self, key: &str) {
        self.carry_out(&json!({"do": "press", "key": key}));
    }

    #[track_caller]
    pub(crate) fn choose_files(&mut self, field: On, files: &[&Path]) {
        self.carry_out(&json!({"do": "choose_files", "on": field.to_json(), "files": files}));
    }

    #[track_caller]
    pub(crate) fn drop_files(&mut self, on: On, files: &[&Path]) {
        self.carry_out(&json!({"do": "drop_files", "on": on.to_json(), "files": files}));
    }

    /// Waits until it is visible.
    #[track_caller]
    pub(crate) fn sees(&mut self, on: On) {
        self.carry_out(&json!({"do": "wait", "on": on.to_json(), "state": "visible"}));
    }

    /// Waits until it is hidden or gone.
    #[track_caller]
    pub(crate) fn sees_no(&mut self, on: On) {
        self.carry_out(&json!({"do": "wait", "on": on.to_json(), "state": "hidden"}));
    }

    /// Waits until a JavaScript expression is true, also on a page that comes next.
    #[track_caller]
    pub(crate) fn waits_until(&mut self, script: &str) {
        self.carry_out(&json!({"do": "wait_until", "script": script}));
    }

    #[track_caller]
    pub(crate) fn text(&mut self, on: On) -> String {
        self.carry_out(&json!({"do": "text", "on": on.to_json()})).as_str().unwrap().to_owned()
    }

    /// The value of a JavaScript expression.
    #[track_caller]
    pub(crate) fn evaluate(&mut self, script: &str) -> Value {
        self.carry_out(&json!({"do": "evaluate", "script": script}))
    }

    /// Writes the whole page into this PNG file.
    #[track_caller]
    pub(crate) fn screenshot(&mut self, file: &Path) {
        self.carry_out(&json!({"do": "screenshot", "file": file}));
    }

    /// Writes what is visible of the page into this JPEG file.
    #[track_caller]
    pub(crate) fn picture(&mut self, file: &Path) {
        self.carry_out(&json!({"do": "picture", "file": file}));
    }

    #[track_caller]
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        self.carry_out(&json!({"do": "resize", "width": width, "height": height}));
    }

    /// What the user prefers: `light` or `dark`.
    #[track_caller]
    pub(crate) fn colour_scheme(&mut self, name: &str) {
        self.carry_out(&json!({"do": "colour_scheme", "name": name}));
    }

    /// The rules of accessibility that the page breaks, and where.
    #[track_caller]
    pub(crate) fn violations(&mut self) -> Vec<String> {
        serde_json::from_value(self.carry_out(&json!({"do": "violations"}))).unwrap()
    }

    #[track_caller]
    fn carry_out(&mut self, command: &Value) -> Value {
        self.attempt(command).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    fn attempt(&mut self, command: &Value) -> Result<Value, String> {
        writeln!(self.commands, "{command}").map_err(|error| error.to_string())?;
        self.answer()
    }

    fn answer(&self) -> Result<Value, String> {
        // The driver waits that long itself, and then looks at the page.
        let line = self.answers.recv_timeout(2 * PATIENCE).map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
        let complaints: Vec<&str> =
            answer["complaints"].as_array().into_iter().flatten().flat_map(Value::as_str).collect();
        let is_tolerated = |complaint: &&str| self.tolerated.iter().any(|part| complaint.contains(part));
        let complaints: Vec<&str> = complaints.into_iter().filter(|complaint| !is_tolerated(complaint)).collect();
        let failed =
            answer["error"].as_str().map(|error| format!("{error}\n{}", answer["page"].as_str().unwrap_or("")));
        match (failed, complaints.is_empty()) {
            (None, true) => Ok(answer["value"].take()),
            (failed, _) => Err(format!("{}\n{}", failed.unwrap_or_default(), complaints.join("\n"))),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let last = self.attempt(&json!({"do": "quit"}));
        if self.answers.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Disconnected) {
            self.driver.kill().ok();
        }
        self.driver.wait().ok();
        if !thread::panicking() {
            last.unwrap_or_else(|error| panic!("the browser was closed: {error}"));
        }
    }
}

impl On<'_> {
    fn to_json(self) -> Value {
        match self {
            Self::Role(role, name) => json!({"role": role, "name": name}),
            Self::Label(label) => json!({"label": label}),
            Self::Text(text) => json!({"text": text}),
            Self::Css(css) => json!({"css": css}),
        }
    }
}

/// What the webcam shows.
fn camera_file(folder: &TempDir) -> PathBuf {
    folder.path().join("camera.mjpeg")
}
