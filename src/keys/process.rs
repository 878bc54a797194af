//! What the process itself gives away.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::model::error::{Error, Result};

/// Keeps the keys in memory out of core files: no core dump is written, and no other process of the same user may
/// attach or read `/proc/<pid>/mem`. To be called before any key is read.
pub fn harden() -> Result<()> {
    let refused = |what: &str, cause: rustix::io::Errno| {
        Error::internal(format!("core dumps could not be forbidden ({what}): {cause}"))
    };
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .map_err(|cause| refused("setrlimit", cause))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|cause| refused("prctl", cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hardened_process_leaves_no_core() {
        harden().unwrap();
        assert_eq!(rustix::process::getrlimit(Resource::Core).maximum, Some(0));
        assert_eq!(rustix::process::dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
