//! SQLite's one writer: a thread that commits many waiting writes together, each in a savepoint of its own.
//!
//! A disk flush costs the same for one write as for two hundred. While one commit is being flushed, the next
//! writes gather; each is durable before its caller hears of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use diesel::r2d2::R2D2Connection;

use crate::model::error::{Code, Error, Result};
use crate::store::connection::{Access, AnyConnection, DatabaseUrl};
use crate::store::{dialect, failure};

/// Writes that may wait; beyond it callers are told that the service is busy.
const QUEUE: usize = 4096;
/// Writes in one commit.
const BATCH: usize = 256;

/// Runs inside the transaction, or is told why there is none; then learns the commit's outcome.
type Job = Box<dyn FnOnce(Result<&mut AnyConnection, String>) -> Settled + Send>;
type Settled = Box<dyn FnOnce(Result<(), String>) + Send>;

#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::SyncSender<Job>,
}

impl Writer {
    /// The thread ends when the last handle is dropped.
    pub(super) fn start(url: &DatabaseUrl) -> Result<Self> {
        let connection = AnyConnection::open(url, Access::Write).map_err(failure::unavailable)?;
        let (queue, jobs) = mpsc::sync_channel(QUEUE);
        let url = url.clone();
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_forever(&url, connection, &jobs))
            .map_err(Error::internal)?;
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

fn write_forever(url: &DatabaseUrl, mut connection: AnyConnection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        if connection.is_broken() {
            // A full disk takes the transaction away, and what diesel knew of it; a fresh connection knows better.
            match AnyConnection::open(url, Access::Write) {
                Ok(fresh) => connection = fresh,
                Err(error) => tracing::error!(%error, "the database cannot be opened again"),
            }
        }
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
    let settled: Vec<Settled> = batch
        .map(|job| {
            let open = dialect::in_transaction(connection);
            job(if open { Ok(connection) } else { Err("the transaction was lost".to_owned()) })
        })
        .collect();
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

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;

    fn job(
        ran: &mpsc::Sender<&'static str>,
        name: &'static str,
        statement: &'static str,
        told: &mpsc::Sender<(&'static str, bool)>,
    ) -> Job {
        let (ran, told) = (ran.clone(), told.clone());
        Box::new(move |connection| {
            let outcome = connection.map_err(failure::unavailable).and_then(|open| {
                in_savepoint(open, |open| {
                    ran.send(name).unwrap();
                    Ok(open.batch_execute(statement)?)
                })
            });
            Box::new(move |committed| told.send((name, outcome.is_ok() && committed.is_ok())).unwrap())
        })
    }

    #[test]
    fn when_the_transaction_is_taken_away_nothing_of_the_batch_is_written_and_the_next_one_is() {
        let path = std::env::temp_dir().join(format!("countersign-batch-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let url = DatabaseUrl::Sqlite(path.to_string_lossy().into_owned());
        let mut connection = AnyConnection::open(&url, Access::Write).unwrap();
        connection.batch_execute("CREATE TABLE t (x INTEGER PRIMARY KEY)").unwrap();
        let (ran, has_run) = mpsc::channel();
        let (told, was_told) = mpsc::channel();
        let batch = [
            job(&ran, "before", "INSERT INTO t VALUES (1)", &told),
            // As SQLite does by itself on a full disk; the statement after it fails.
            job(&ran, "loses it", "ROLLBACK; INSERT INTO nowhere VALUES (1)", &told),
            job(&ran, "after", "INSERT INTO t VALUES (1)", &told),
        ];
        commit_together(&mut connection, batch.into_iter());
        assert_eq!(has_run.try_iter().collect::<Vec<_>>(), ["before", "loses it"]);
        let told_of_all: Vec<_> = was_told.try_iter().collect();
        assert_eq!(told_of_all, [("before", false), ("loses it", false), ("after", false)]);

        let next = [job(&ran, "next", "INSERT INTO t VALUES (1)", &told)];
        commit_together(&mut connection, next.into_iter());
        assert_eq!(was_told.try_iter().collect::<Vec<_>>(), [("next", true)]);
    }
}
