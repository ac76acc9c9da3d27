//! `doors.toml` of the desk.

use crate::Answer;
use encoder_tool::fuzz_entry_points;

/// Reads a `doors.toml`. What the desk writes is read again as the same, and no text in it becomes an option of `ssh` or a
/// second host.
pub fn doors_toml(bytes: &[u8]) -> Answer {
    let Ok((written, commands)) = fuzz_entry_points::doors_toml(bytes) else { return Answer::Refused };
    let (again, _) =
        fuzz_entry_points::doors_toml(written.as_bytes()).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(again, written);
    for command in &commands {
        let [before @ .., dashes, host, line] = command.as_slice() else { panic!("{command:?}") };
        assert!(dashes == "--" && before.iter().any(|option| option == "BatchMode=yes"), "{command:?}");
        let host = host.to_str().unwrap_or("-");
        assert!(!host.starts_with('-') && !host.contains(|letter: char| " $`;&|<>'\"\\\n".contains(letter)), "{host}");
        let line = line.to_str().unwrap_or_default().trim_start_matches("sudo -n -u edge-agent ");
        let quoted = line.strip_prefix("edge-agent status").unwrap_or_else(|| panic!("{line}"));
        assert!(quoted.is_empty() || quoted.starts_with(" --config '") && quoted.ends_with('\''), "{line}");
    }
    if commands.is_empty() { Answer::Refused } else { Answer::Accepted }
}
