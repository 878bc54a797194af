//! How much is taken on at once. Beyond a limit the answer is a refusal that says so, never a longer wait.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use super::server::cores;

#[derive(Clone, Debug)]
pub struct Limits {
    /// `--max-body`, `COUNTERSIGN_MAX_BODY`, in bytes; default 262144. Larger bodies are 413.
    pub body: usize,
    /// `--max-connections`, `COUNTERSIGN_MAX_CONNECTIONS`; default 10000. Connections open at once, over all workers.
    pub connections: NonZeroUsize,
    /// `--request-timeout`, `COUNTERSIGN_REQUEST_TIMEOUT`, in seconds; default 10. How long a caller may take to
    /// send its request's head, and as long again for its body.
    pub request_timeout: Duration,
    /// `--blocking`, `COUNTERSIGN_BLOCKING`; default 64. Calls that work on the database or with keys at once.
    pub blocking: NonZeroUsize,
    /// `--blocking-queue`, `COUNTERSIGN_BLOCKING_QUEUE`; default 1024. Calls that may wait for one of those places;
    /// beyond it 503 `busy`.
    pub blocking_queue: usize,
    /// `--argon2`, `COUNTERSIGN_ARGON2`; default one per core. Argon2id runs (PINs, chosen secrets) at once; each
    /// takes 19 MiB.
    pub argon2: NonZeroUsize,
    /// `--argon2-queue`, `COUNTERSIGN_ARGON2_QUEUE`; default 32. Argon2id runs that may wait; beyond it 503 `busy`.
    pub argon2_queue: usize,
    /// `--session-validity`, `COUNTERSIGN_SESSION_VALIDITY`, in seconds; default 28800. How long somebody who signed in
    /// with a browser stays signed in.
    pub session_validity: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 256 * 1024,
            connections: const { NonZeroUsize::new(10_000).unwrap() },
            request_timeout: Duration::from_secs(10),
            blocking: const { NonZeroUsize::new(64).unwrap() },
            blocking_queue: 1024,
            argon2: cores(),
            argon2_queue: 32,
            session_validity: const { NonZeroU32::new(8 * 3600).unwrap() },
        }
    }
}
