//! The openssl command, as a witness that had no part in writing this.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs it over `input`, which has to succeed; what it said on both channels.
pub fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut process = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input).unwrap();
    let output = process.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&said));
    said
}
