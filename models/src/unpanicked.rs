//! Catches panics of third-party code, which must not stop the door unit.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Returns the result of `work`, or the message of its panic.
pub(crate) fn unpanicked<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        said.unwrap_or("no reason given").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        assert_eq!(unpanicked(|| 1), Ok(1));
        assert_eq!(unpanicked::<()>(|| panic!("so {}", "what")), Err("so what".to_owned()));
        assert_eq!(unpanicked::<()>(|| panic!("plain")), Err("plain".to_owned()));
        assert_eq!(unpanicked::<()>(|| std::panic::panic_any(7)), Err("no reason given".to_owned()));
    }
}
