//! Terminal output of both programs: answers on stdout, everything else on stderr, and an exit code for yes, no or
//! error.
//!
//! The programs define the texts.
#![forbid(unsafe_code)]

mod answer;
mod arguments;
mod colour;
mod columns;
mod counted;
mod failure;
mod logging;
mod output;
mod percent;
#[cfg(feature = "progress")]
mod progress;
mod undumpable;
mod visible;

pub use answer::Answer;
pub use arguments::arguments;
pub use colour::Tone;
pub use columns::{columns, for_reader, is_read_by_a_person, wrapped};
pub use counted::counted;
pub use failure::{Help, in_words, on_one_line};
pub use logging::{Verbosity, say, start_log};
pub use output::{print, print_json, print_toned, to_json};
pub use percent::percent;
#[cfg(feature = "progress")]
pub use progress::Progress;
pub use undumpable::keep_memory_from_others;
pub use visible::{ShowPath, ShownPath};

use std::process::ExitCode;

/// The exit code for a program's answer: 0 for yes, 1 for no, 2 for an error. Prints the error on stderr.
pub fn exit_code(answered: anyhow::Result<Answer>) -> ExitCode {
    match answered {
        Ok(answer) => answer.into(),
        Err(error) => {
            logging::say_error(&in_words(&error));
            ExitCode::from(2)
        }
    }
}
