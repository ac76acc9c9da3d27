//! Protects keys, names and faces in the memory of this process.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Prevents core dumps of this process, and prevents other processes of the same user from reading its memory. Both
/// programs call this first.
pub fn keep_memory_from_others() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!("a core dump of this program would contain keys and names: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::dumpable_behavior;

    #[test]
    fn this_process_is_not_dumped() {
        keep_memory_from_others();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
