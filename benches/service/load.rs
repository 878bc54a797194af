//! A closed-loop load generator on one thread: every connection sends its next request when the last one is answered.
//! It stands on the same cores as the server, so it does as little as it can: requests are bytes made beforehand, and of an
//! answer it reads the status and the length.

use std::cell::Cell;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::proc;

/// What is sent, to the last byte.
#[derive(Clone)]
pub enum Requests {
    /// One after the other, over and over.
    InTurn(Vec<Vec<u8>>),
    /// Each so many times and then no more; a connection keeps to one until it is used up.
    Budgeted { requests: Vec<Vec<u8>>, times: u32 },
}

pub struct Load {
    pub connections: usize,
    pub duration: Duration,
    /// The status that every answer has to have.
    pub status: u16,
}

/// What came of it.
#[derive(Default)]
pub struct Measured {
    pub requests: u64,
    pub elapsed: Duration,
    /// Sorted, in microseconds.
    latencies: Vec<u32>,
    /// What the generator itself used.
    pub generator_cpu: Duration,
}

impl Measured {
    pub fn new(mut latencies: Vec<u32>, elapsed: Duration, generator_cpu: Duration) -> Self {
        latencies.sort_unstable();
        Self { requests: latencies.len() as u64, elapsed, latencies, generator_cpu }
    }

    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency, in seconds, that this part of the requests did not exceed.
    pub fn latency(&self, part: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (last as f64 * part).round() as usize;
        self.latencies.get(at).map_or(f64::NAN, |micros| f64::from(*micros) / 1e6)
    }
}

/// Sends requests until the time is over or the budget is used up, and waits for the last answer. Panics on a wrong status.
pub fn run(address: SocketAddr, requests: &Rc<Source>, load: &Load) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let cpu = proc::cpu_of_this_thread();
    let begun = Instant::now();
    let deadline = begun + load.duration;
    let latencies = LocalSet::new().block_on(&runtime, async {
        let connections: Vec<_> = (0..load.connections)
            .map(|_| {
                tokio::task::spawn_local(connection(address, Rc::clone(requests), deadline, load.status))
            })
            .collect();
        let mut all = Vec::new();
        for connection in connections {
            all.append(&mut connection.await.unwrap());
        }
        all
    });
    Measured::new(latencies, begun.elapsed(), proc::cpu_of_this_thread() - cpu)
}

/// Requests that several runs share, so that a warm-up uses up its part of a budget.
pub struct Source {
    requests: Requests,
    next: Cell<usize>,
}

impl Source {
    pub fn new(requests: Requests) -> Rc<Self> {
        Rc::new(Self { requests, next: Cell::new(0) })
    }

    /// The next request of a connection that sent `last.0` for `last.1` times.
    fn after(&self, last: (usize, u32)) -> Option<(usize, u32)> {
        match &self.requests {
            Requests::Budgeted { times, .. } if last.1 > 0 && last.1 < *times => Some((last.0, last.1 + 1)),
            Requests::Budgeted { requests, .. } => {
                let at = self.next.replace(self.next.get() + 1);
                (at < requests.len()).then_some((at, 1))
            }
            Requests::InTurn(requests) => {
                let at = self.next.replace((self.next.get() + 1) % requests.len());
                Some((at, 1))
            }
        }
    }

    fn bytes(&self, at: usize) -> &[u8] {
        match &self.requests {
            Requests::Budgeted { requests, .. } | Requests::InTurn(requests) => &requests[at],
        }
    }
}

async fn connection(address: SocketAddr, source: Rc<Source>, deadline: Instant, status: u16) -> Vec<u32> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut latencies = Vec::with_capacity(16 * 1024);
    let mut answer = Vec::with_capacity(64 * 1024);
    let mut current = (0, 0);
    let mut begun = Instant::now();
    while begun < deadline {
        let Some(next) = source.after(current) else { break };
        current = next;
        let request = source.bytes(current.0);
        send(&stream, request).await;
        receive(&stream, &mut answer).await;
        assert!(
            answer.get(9..12) == Some(status.to_string().as_bytes()),
            "\n{}\nwas answered with\n{}",
            String::from_utf8_lossy(request),
            String::from_utf8_lossy(&answer)
        );
        let now = Instant::now();
        latencies.push(u32::try_from((now - begun).as_micros()).unwrap_or(u32::MAX));
        begun = now;
    }
    latencies
}

async fn send(stream: &TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => stream.writable().await.unwrap(),
            Err(error) => panic!("the server hung up: {error}"),
        }
    }
}

/// Reads one whole answer.
async fn receive(stream: &TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    let mut wanted = None;
    while wanted.is_none_or(|wanted| answer.len() < wanted) {
        stream.readable().await.unwrap();
        match stream.try_read_buf(answer) {
            Ok(0) => panic!("the server hung up within an answer"),
            Ok(_) => wanted = wanted.or_else(|| whole_length(answer)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the server hung up: {error}"),
        }
    }
}

/// The length of head and body, once the head is there.
fn whole_length(answer: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let body = answer[..head].split(|byte| *byte == b'\n').find_map(|line| {
        let value = line.get(NAME.len()..)?;
        let named = line[..NAME.len()].eq_ignore_ascii_case(NAME);
        named.then(|| std::str::from_utf8(value).unwrap().trim().parse::<usize>().unwrap())
    });
    Some(head + 4 + body.unwrap_or(0))
}
