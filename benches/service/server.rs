//! The server as users start it: the program, a data directory, a free port.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::proc;

/// Where an instance lives. It goes when this does.
pub struct Place {
    data: PathBuf,
    /// SQLite in the data directory when there is none.
    database_url: Option<String>,
}

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process until it said that it listens.
    pub ready_in: Duration,
}

impl Place {
    /// On the disk that cargo builds on: what is in memory flushes for free.
    pub fn new(name: &str, database_url: Option<String>) -> Self {
        let data =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}-{name}", std::process::id()));
        Self { data, database_url }
    }

    /// The file of the SQLite database.
    pub fn sqlite_file(&self) -> PathBuf {
        self.data.join("countersign.db")
    }

    pub fn database_url(&self) -> Option<&str> {
        self.database_url.as_deref()
    }

    /// Makes the instance; answers id and secret of its first administrator client.
    pub fn init(&self) -> (String, String) {
        let output = self.command("init").arg("--json").stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "countersign init failed");
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("clientId"), text("clientSecret"))
    }

    /// Starts the server, its log in a file.
    pub fn serve(&self) -> Server {
        let log = File::options().create(true).append(true).open(self.data.join("server.log")).unwrap();
        let begun = Instant::now();
        let mut child = self
            .command("serve")
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready_in = begun.elapsed();
        let address = line.trim().strip_prefix("listening on http://").and_then(|text| text.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            let log = std::fs::read_to_string(self.data.join("server.log")).unwrap_or_default();
            panic!("countersign serve said {line:?}, and logged\n{log}");
        };
        Server { child, address, ready_in }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.arg(name).arg("--data").arg(&self.data).stdin(Stdio::null());
        // What is set for another instance must not decide here.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COUNTERSIGN_")) {
            command.env_remove(name);
        }
        if let Some(url) = &self.database_url {
            command.env("COUNTERSIGN_DATABASE_URL", url);
        }
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

impl Server {
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until nothing goes on in the background any more, such as making RSA keys ahead of their use.
    pub fn settle(&self) {
        for _ in 0..100 {
            let before = proc::cpu_of(self.process());
            std::thread::sleep(Duration::from_millis(200));
            if proc::cpu_of(self.process()) - before <= Duration::from_millis(10) {
                return;
            }
        }
    }

    /// As an operator stops it.
    pub fn stop(mut self) {
        let process = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(process, Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "countersign serve did not end well");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
