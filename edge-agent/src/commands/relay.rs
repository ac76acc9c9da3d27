//! Passes on what a unit's socket says, for a workstation that asks over ssh instead of a broker.

use anyhow::{Context, anyhow};
use serde::Deserialize;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use terminal::{Help, ShowPath};

/// Longer than the unit needs for an answer, and than the time between two signs of life.
const PATIENCE: Duration = Duration::from_secs(65);

/// Sends a request of one line, and prints each line of the answer as it comes, up to this many.
///
/// # Errors
/// If no unit answers, or it refuses.
pub(super) fn relay(socket: &Path, request: &str, most_lines: usize) -> anyhow::Result<()> {
    let mut lines = answer(socket, request)?;
    let mut stdout = io::stdout().lock();
    let mut line = Vec::new();
    for _ in 0..most_lines {
        line.clear();
        if lines.read_until(b'\n', &mut line).context("the unit does not answer any more")? == 0 {
            return Ok(());
        }
        if let Some(why) = refusal(&line) {
            return Err(anyhow!("the unit refused: {why}"));
        }
        match stdout.write_all(&line).and_then(|()| stdout.flush()) {
            // Nobody listens any more.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("cannot write to stdout")?,
        }
    }
    Ok(())
}

/// Sends a request of one line, and gives the first line of the answer.
///
/// # Errors
/// If no unit answers.
pub(super) fn first_line(socket: &Path, request: &str) -> anyhow::Result<String> {
    let mut line = String::new();
    answer(socket, request)?.read_line(&mut line).context("the unit does not answer")?;
    Ok(line)
}

fn answer(socket: &Path, request: &str) -> anyhow::Result<BufReader<UnixStream>> {
    let ask = || -> io::Result<UnixStream> {
        let mut unit = UnixStream::connect(socket)?;
        unit.set_read_timeout(Some(PATIENCE))?;
        unit.set_write_timeout(Some(PATIENCE))?;
        unit.write_all(request.as_bytes())?;
        Ok(unit)
    };
    let unit = ask()
        .with_context(|| format!("no unit answers on {}", socket.shown()))
        .help("check that it is running (`systemctl status edge-agent`) and that you are root or in its group")?;
    Ok(BufReader::new(unit))
}

/// Why the status socket refuses a request.
fn refusal(line: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    serde_json::from_slice::<Refusal>(line).ok().map(|refusal| refusal.error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixListener;
    use std::thread;

    fn asked(answers: &'static str) -> anyhow::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("unit.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let unit = thread::spawn(move || {
            let mut client = listener.accept().unwrap().0;
            let mut request = [0; 8];
            client.read_exact(&mut request).unwrap();
            assert_eq!(&request, b"request\n");
            client.write_all(answers.as_bytes()).unwrap();
        });
        let line = first_line(&socket, "request\n");
        unit.join().unwrap();
        line
    }

    #[test]
    fn the_first_line_is_passed_on() {
        assert_eq!(asked("one\ntwo\n").unwrap(), "one\n");
        assert_eq!(asked("").unwrap(), "");
        let refused = first_line(Path::new("/nowhere/unit.sock"), "request\n").unwrap_err();
        assert!(terminal::in_words(&refused).contains("no unit answers on /nowhere/unit.sock"), "{refused}");
    }

    #[test]
    fn a_refusal_is_told_from_an_answer() {
        assert_eq!(refusal(br#"{"schema":1,"error":"too many"}"#).as_deref(), Some("too many"));
        for answer in [&b"{\"schema\":1,\"kept_from\":1,\"last\":2}\n"[..], b"\n", b"{\"schema\":1,\"statement\":\"\"}"]
        {
            assert_eq!(refusal(answer), None);
        }
    }
}
