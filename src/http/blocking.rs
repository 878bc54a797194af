//! The one hop off the async threads: what touches the database or a private key runs on threads that may wait, at
//! most so many at once, with a bounded queue before them.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::web::Data;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Span;

use super::problem::Problem;
use crate::app::App;
use crate::metrics::Metrics;
use crate::model::error::{Code, Error, Result};

/// Runs `work` on a thread that may wait. When all places and the queue before them are taken the answer is
/// 503 `busy` and nothing was done; a panic is answered with 500. Work that has begun goes on to its end even when
/// the caller hangs up.
pub async fn run<T, F>(app: &Data<App>, work: F) -> Result<T, Problem>
where
    F: FnOnce(&App) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let place = app.gate.enter().await?;
    let (app, span) = (Data::clone(app), Span::current());
    let outcome = tokio::task::spawn_blocking(move || {
        let _place = place;
        let _entered = span.enter();
        catch_unwind(AssertUnwindSafe(|| work(&app))).unwrap_or_else(|panic| {
            app.metrics.panicked();
            Err(Error::internal(format!("panic: {}", message(&*panic))))
        })
    });
    // Joining fails only when the runtime is being shut down.
    outcome.await.unwrap_or_else(|error| Err(Error::internal(error))).map_err(Problem::from)
}

/// Places for work that blocks, and a bounded queue before them.
pub struct Gate {
    places: Arc<Semaphore>,
    size: usize,
    waiting: Arc<AtomicUsize>,
    queue: usize,
}

impl Gate {
    pub fn new(places: NonZeroUsize, queue: usize) -> Self {
        let size = places.get().min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(size)), size, waiting: Arc::default(), queue }
    }

    /// Shows how full it is.
    pub fn watch(&self, metrics: &Metrics) -> Result<()> {
        let (places, size, waiting) = (Arc::clone(&self.places), self.size, Arc::clone(&self.waiting));
        metrics.sample(
            "countersign_blocking_busy",
            "Places for blocking work that are taken.",
            &[],
            move || count(size.saturating_sub(places.available_permits())),
        )?;
        metrics.sample(
            "countersign_blocking_waiting",
            "Requests that wait for such a place.",
            &[],
            move || count(waiting.load(Ordering::Relaxed)),
        )
    }

    async fn enter(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = Waiting::begin(&self.waiting, self.queue)?;
        Arc::clone(&self.places).acquire_owned().await.map_err(Error::internal)
    }
}

/// One request in the queue; leaves it when dropped, also when the caller hangs up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize, queue: usize) -> Result<Self> {
        let taken = waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Self(waiting);
        if taken < queue {
            return Ok(waiting);
        }
        Err(Error::new(Code::Busy, "As many requests are waiting as this server takes on. Nothing was done.")
            .retry_after(1))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::time::Timestamp;

    fn app(places: usize, queue: usize) -> Data<App> {
        let configure = |config: &mut Config| {
            config.limits.blocking = NonZeroUsize::new(places).unwrap();
            config.limits.blocking_queue = queue;
        };
        Data::new(crate::app::tests::app(configure, Timestamp::from_seconds(1_800_000_000)))
    }

    #[actix_web::test]
    async fn what_the_work_returns_comes_back() {
        let app = app(1, 0);
        assert_eq!(run(&app, |_| Ok(7)).await.unwrap(), 7);
        let refused = run(&app, |_| Err::<(), _>(Error::not_found())).await.unwrap_err();
        assert_eq!(refused.error().code(), Code::NotFound);
    }

    #[actix_web::test]
    async fn a_panic_is_an_internal_error_and_frees_its_place() {
        let app = app(1, 0);
        let failed = run(&app, |_| -> Result<()> { panic!("what was wrong") }).await.unwrap_err();
        assert_eq!(failed.error().code(), Code::InternalError);
        assert_eq!(failed.error().cause(), Some("panic: what was wrong"));
        assert_eq!(run(&app, |_| Ok(7)).await.unwrap(), 7);
    }

    #[actix_web::test]
    async fn beyond_the_queue_it_is_busy() {
        let app = app(1, 1);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = run(&app, move |_| wait.recv().map_err(Error::internal));
        let second = run(&app, |_| Ok(()));
        let third = async {
            let refused = run(&app, |_| Ok(())).await.unwrap_err();
            go.send(()).unwrap();
            refused
        };
        let (first, second, third) = futures_util::future::join3(first, second, third).await;
        first.unwrap();
        second.unwrap();
        assert_eq!(third.error().code(), Code::Busy);
        assert_eq!(third.error().retry_after_seconds(), Some(1));
        assert_eq!(app.gate.waiting.load(Ordering::Relaxed), 0);
    }
}
