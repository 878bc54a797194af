//! `countersign demo`: it comes out right, says so by its exit status, and leaves nothing behind.

use serde_json::{Value, json};

use crate::support::http::Http;
use crate::support::node;
use crate::support::process::{Process, run};

#[test]
fn every_step_comes_out_right() {
    let output = run(&["demo", "--json"]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{summary}");
    assert_eq!(summary["ok"], true);
    let steps = summary["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["ok"] == true), "{summary}");
    for named in ["another key", "SAD again", "OTP again", "wrong PIN", "did not authorise", "revoked token"]
    {
        let there = steps.iter().any(|step| {
            let title = step["step"].as_str().unwrap();
            title.starts_with("Refused") && title.contains(named)
        });
        assert!(there, "no refusal speaks of {named}: {summary}");
    }
}

#[test]
fn it_shows_what_a_user_would_send_for_a_file_of_theirs() {
    let directory = node::directory();
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("contract.pdf");
    std::fs::write(&file, vec![7; 100_000]).unwrap();
    let output = run(&["demo", "--file", file.to_str().unwrap()]);
    std::fs::remove_dir_all(&directory).unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{shown}");
    for part in [
        "$ curl -s $URL/oauth2/token -u 'acme:acme_password'",
        "-H \"Authorization: Bearer $APP\"",
        "--data-binary @chain.p7b",
        "openssl dgst -sha256 -binary document.pdf",
        "(100000 bytes)",
        "Verified OK",
        "public_key_mismatch",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
    assert!(!shown.contains('\x1b'), "colours in a pipe");
}

#[test]
fn a_file_that_is_not_there_fails_by_name() {
    let output = run(&["demo", "--file", "/no/such/file"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/file"));
}

#[test]
fn a_kept_server_goes_on_with_what_it_printed() {
    let directory = node::directory();
    std::fs::create_dir_all(&directory).unwrap();
    let mut demo = Process::start(&["demo", "--keep", "--json"], &directory.join("log"));
    let summary: Value = serde_json::from_str(&demo.line()).unwrap();
    let kept = |name: &str| summary["kept"][name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
    let http = Http::new(&kept("URL"));
    let listed =
        http.post("/csc/v1/credentials/list").bearer(&kept("APP")).json(&json!({})).send().expect(200);
    assert_eq!(listed.json()["credentialIDs"], json!([kept("CREDENTIAL")]));
    let form = [("grant_type", "client_credentials")];
    for client in ["ADMIN", "CA", "APP"] {
        let (id, secret) = (kept(&format!("{client}_ID")), kept(&format!("{client}_SECRET")));
        http.post("/oauth2/token").basic(&id, &secret).form(&form).send().expect(200);
    }
    assert_eq!(demo.stop(), Some(0));
    std::fs::remove_dir_all(&directory).unwrap();
}
