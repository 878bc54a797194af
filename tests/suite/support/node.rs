//! Nodes as tests start them: on a database of their own, with a clock that stands still until a test moves it.

use std::path::PathBuf;

use countersign::app::{self, App};
use countersign::config::Config;
use countersign::model::event::Actor;
use countersign::model::time::Clock;

/// Initialises what the configuration names, unless that was done, and opens it.
pub fn open(config: Config, clock: Clock) -> App {
    let actor = Actor { name: "operator".to_owned(), request_id: None, at: clock.now() };
    app::initialise(&config, actor).unwrap();
    App::open(config, clock).unwrap()
}

/// A directory that nobody else has; the system's clean-up takes it away.
pub fn directory() -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("countersign-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    std::env::temp_dir().join(name)
}
