//! Notices to hosts that callers named: best effort, one after another, beside whatever is being answered. Nobody waits
//! for one, and none is tried twice: whoever gets no notice asks for what it would have told. A host that does not answer
//! is left alone for a while, so that it does not hold up what is for others.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Url;
use super::http::{Client, Limits};
use crate::model::error::{Error, Result};
use crate::model::secret::SecretText;
use crate::model::webhook::WebhookUrl;

/// A bounded queue and the thread that works it off.
pub struct Notices {
    /// Taken away when no more are to come.
    queue: Mutex<Option<SyncSender<Notice>>>,
    /// Says nothing, and ends with the thread.
    ended: Mutex<Receiver<()>>,
    count: Count,
}

/// A body to be POSTed.
pub struct Notice {
    pub to: WebhookUrl,
    /// JSON. It may tell what only its receiver should know.
    pub body: SecretText,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with a status of 2xx.
    Delivered,
    /// No connection, no answer in time, or another status; a redirect is not followed.
    Failed,
    /// As many as may wait were waiting, the host did not answer just now, or the node was ending.
    Dropped,
}

/// What hears of each outcome.
type Count = Arc<dyn Fn(Outcome) + Send + Sync>;

/// Notices that wait at once.
const WAITING: usize = 256;

/// How long a host that did not answer is left alone.
const PAUSE: Duration = Duration::from_secs(30);

const LIMITS: Limits =
    Limits { time: Duration::from_secs(5), answer: 64 * 1024, calls: NonZeroUsize::new(1).unwrap() };

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

impl Notices {
    pub fn start(count: impl Fn(Outcome) + Send + Sync + 'static) -> Result<Self> {
        Self::start_with(WAITING, LIMITS, count)
    }

    fn start_with(
        waiting: usize,
        limits: Limits,
        count: impl Fn(Outcome) + Send + Sync + 'static,
    ) -> Result<Self> {
        let count: Count = Arc::new(count);
        let (queue, notices) = mpsc::sync_channel::<Notice>(waiting);
        let (running, ended) = mpsc::channel();
        let counted = Arc::clone(&count);
        thread::Builder::new()
            .name("notices".to_owned())
            .spawn(move || {
                // Dropped with the thread, also by a panic.
                let _running: mpsc::Sender<()> = running;
                let mut messenger = Messenger { client: Client::new(limits), silent: HashMap::new() };
                for notice in notices {
                    counted(messenger.deliver(&notice));
                }
            })
            .map_err(Error::internal)?;
        Ok(Self { queue: Mutex::new(Some(queue)), ended: Mutex::new(ended), count })
    }

    /// Puts a notice into the queue, or drops it; never waits.
    pub fn send(&self, notice: Notice) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.as_ref().is_none_or(|queue| queue.try_send(notice).is_err()) {
            tracing::warn!("a notice was dropped: as many as may wait are waiting");
            (self.count)(Outcome::Dropped);
        }
    }

    /// Takes no more, and waits until those that wait are sent, but no longer than this.
    pub fn drain(&self, within: Duration) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(within) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("notices were left unsent: the time to stop was up");
        }
    }
}

/// Who works off the queue.
struct Messenger {
    client: Client,
    /// Since when hosts have not answered: no more than the operator allows.
    silent: HashMap<String, Instant>,
}

impl Messenger {
    fn deliver(&mut self, notice: &Notice) -> Outcome {
        let to = notice.to.authority();
        // Both parsers have to agree on where it goes.
        let Ok(url) = notice.to.as_str().parse::<Url>() else {
            tracing::warn!(to, "a notice could not be sent: the URL cannot be called");
            return Outcome::Failed;
        };
        if self.silent.get(to).is_some_and(|since| since.elapsed() < PAUSE) {
            tracing::warn!(to, "a notice was dropped: the host did not answer just now");
            return Outcome::Dropped;
        }
        self.silent.remove(to);
        let headers = [("Content-Type", "application/json")];
        match self.client.post(&url, &headers, notice.body.expose().as_bytes()) {
            Ok(answer) if (200..300).contains(&answer.status) => Outcome::Delivered,
            Ok(answer) => {
                tracing::warn!(to, status = answer.status, "a notice was not taken");
                Outcome::Failed
            }
            Err(failure) => {
                self.silent.insert(to.to_owned(), Instant::now());
                tracing::warn!(to, "a notice could not be delivered: {failure}");
                Outcome::Failed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};

    use super::*;
    use crate::model::webhook::WebhookHosts;

    /// Answers each connection with the next of these heads, and says what was asked.
    fn receiver(heads: &'static [&'static str]) -> (SocketAddr, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, heard) = mpsc::channel();
        thread::spawn(move || {
            for head in heads {
                let (mut stream, _) = listener.accept().unwrap();
                let mut text = Vec::new();
                let mut octets = [0; 4096];
                while !text.ends_with(b"}") {
                    let read = stream.read(&mut octets).unwrap();
                    text.extend(&octets[..read]);
                }
                asked.send(String::from_utf8(text).unwrap()).unwrap();
                write!(stream, "HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            }
        });
        (address, heard)
    }

    fn notice(address: SocketAddr, body: &str) -> Notice {
        let hosts = WebhookHosts::new([address.to_string().parse().unwrap()]);
        Notice { to: hosts.admit(&format!("http://{address}/done")).unwrap(), body: SecretText::new(body) }
    }

    /// Long enough for a busy machine, and hardly there.
    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(200);

    fn counted(waiting: usize, time: Duration) -> (Notices, Receiver<Outcome>) {
        let (count, outcomes) = mpsc::channel();
        let limits = Limits { time, ..LIMITS };
        (Notices::start_with(waiting, limits, move |outcome| count.send(outcome).unwrap()).unwrap(), outcomes)
    }

    #[test]
    fn what_waits_is_sent_before_the_end_and_nothing_is_followed() {
        let (address, heard) =
            receiver(&["204 No Content", "500 Oops", "302 Found\r\nLocation: http://127.0.0.1:1/"]);
        let (notices, outcomes) = counted(3, LONG);
        for _ in 0..3 {
            notices.send(notice(address, r#"{"responseID":"r"}"#));
        }
        notices.drain(LONG);
        let outcomes: Vec<Outcome> = outcomes.try_iter().collect();
        assert_eq!(outcomes, [Outcome::Delivered, Outcome::Failed, Outcome::Failed]);
        let asked = heard.recv().unwrap().to_lowercase();
        assert!(asked.starts_with("post /done http/1.1\r\n"), "{asked}");
        assert!(asked.contains("content-type: application/json\r\n"), "{asked}");
        assert!(asked.ends_with(r#"{"responseid":"r"}"#), "{asked}");
    }

    #[test]
    fn a_host_that_does_not_answer_holds_up_the_others_once() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, _heard) = receiver(&["204 No Content"]);
        let (notices, outcomes) = counted(9, SHORT);
        for _ in 0..8 {
            notices.send(notice(silent.local_addr().unwrap(), "{}"));
        }
        notices.send(notice(address, "{}"));
        notices.drain(LONG);
        let outcomes: Vec<Outcome> = outcomes.try_iter().collect();
        assert_eq!(outcomes.len(), 9);
        assert_eq!(outcomes.first(), Some(&Outcome::Failed));
        assert!(outcomes.iter().skip(1).take(7).all(|outcome| *outcome == Outcome::Dropped), "{outcomes:?}");
        assert_eq!(outcomes.last(), Some(&Outcome::Delivered));
    }

    #[test]
    fn a_full_queue_and_an_ended_one_drop() {
        // Accepts nothing: each call waits until its time is up.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let (notices, outcomes) = counted(1, SHORT);
        for _ in 0..10 {
            notices.send(notice(address, "{}"));
        }
        notices.drain(LONG);
        notices.send(notice(address, "{}"));
        let outcomes: Vec<Outcome> = outcomes.try_iter().collect();
        let failed = outcomes.iter().filter(|outcome| **outcome == Outcome::Failed).count();
        assert_eq!(outcomes.len(), 11);
        assert!((1..=2).contains(&failed), "{outcomes:?}");
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let (notices, _outcomes) = counted(1, SHORT);
        notices.send(notice(silent.local_addr().unwrap(), "{}"));
        notices.drain(Duration::from_millis(1));
    }
}
