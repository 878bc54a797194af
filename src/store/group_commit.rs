//! SQLite's one writer: a thread that commits many waiting writes together, each in a savepoint of its own.
//!
//! A disk flush costs the same for one write as for two hundred. While one commit is being flushed, the next
//! writes gather; each is durable before its caller hears of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use crate::model::error::{Code, Error, Result};
use crate::store::connection::Access;
use crate::store::connection::AnyConnection;
use crate::store::{dialect, failure};

/// Writes that may wait; beyond it callers are told that the service is busy.
const QUEUE: usize = 4096;
/// Writes in one commit.
const BATCH: usize = 256;

/// Runs inside the transaction, or is told why none could be opened; then learns the commit's outcome.
type Job = Box<dyn FnOnce(Result<&mut AnyConnection, String>) -> Settled + Send>;
type Settled = Box<dyn FnOnce(Result<(), String>) + Send>;

#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::SyncSender<Job>,
}

impl Writer {
    /// The thread ends when the last handle is dropped.
    pub(super) fn start(connection: AnyConnection) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_forever(connection, &jobs))?;
        Ok(Self { queue })
    }

    /// Runs `work` in the next commit and waits until that is on disk.
    pub(super) fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let outcome = connection.map_err(failure::unavailable).and_then(|open| in_savepoint(open, work));
            Box::new(move |committed| {
                let value = match committed {
                    Ok(()) => outcome,
                    Err(cause) => Err(failure::unavailable(cause)),
                };
                // A caller that has gone away does not stop the others.
                let _ = answer.send(value);
            })
        });
        self.queue.try_send(job).map_err(|_| {
            Error::new(Code::Busy, "Too many writes are waiting; nothing was done.").retry_after(1)
        })?;
        answered.recv().unwrap_or_else(|_| Err(failure::unavailable("the writer ended")))
    }
}

fn write_forever(mut connection: AnyConnection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let batch = std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1));
        commit_together(&mut connection, batch);
    }
}

fn commit_together(connection: &mut AnyConnection, batch: impl Iterator<Item = Job>) {
    if let Err(error) = dialect::begin(connection, Access::Write) {
        let cause = error.to_string();
        batch.for_each(|job| job(Err(cause.clone()))(Err(cause.clone())));
        return;
    }
    let settled: Vec<Settled> = batch.map(|job| job(Ok(connection))).collect();
    let committed = dialect::commit(connection).map_err(|error| {
        dialect::roll_back(connection);
        error.to_string()
    });
    for settle in settled {
        settle(committed.clone());
    }
}

fn in_savepoint<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    dialect::begin_nested(connection)?;
    // A panic must not poison the batch: its savepoint is rolled back like any other failure's.
    let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)))
        .unwrap_or_else(|_| Err(Error::internal("a write panicked; its savepoint was rolled back")));
    match outcome {
        Ok(value) => dialect::commit(connection).map(|()| value).map_err(Error::from),
        Err(error) => {
            dialect::roll_back(connection);
            Err(error)
        }
    }
}
