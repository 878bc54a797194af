//! The page behind a link: what browsers, screen readers and mail scanners get.

use serde_json::json;

use crate::support::http::Reply;
use crate::support::scene::{Credential, PIN, Plan, Scene, Status, base64_all, hash, on_both};

fn plan() -> Plan {
    Plan::default().with(json!({ "secondFactors": ["PIN", "EMAIL_LINK"] }))
}

/// Asks for so many signatures, of which some have their hash; the link.
fn asked(scene: &Scene, credential: &Credential, signatures: usize, hashes: usize) -> String {
    let hashes: Vec<Vec<u8>> = (0..hashes).map(|n| hash(&n.to_string())).collect();
    let body = json!({
        "credentialID": credential.id, "numSignatures": signatures, "hashes": base64_all(&hashes),
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
        "authData": [{ "id": "PIN", "value": PIN }, { "id": "EMAIL_LINK" }],
    });
    scene.csc2(&credential.token, "credentials/authorize", &body).expect(202);
    scene.received_link(credential)
}

/// What holds of every page.
#[track_caller]
fn is_sound(reply: &Reply) -> String {
    let html = reply.text();
    let header = |name: &str| reply.header(name).unwrap_or_default().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    let policy = header("content-security-policy");
    for part in
        ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "'sha256-"]
    {
        assert!(policy.contains(part), "{part} is not in {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let lower = html.to_lowercase();
    assert!(lower.starts_with("<!doctype html>") && lower.contains("<html lang=\""), "{html}");
    for one in ["<h1>", "<main>", "<title>", "name=\"viewport\""] {
        assert_eq!(html.matches(one).count(), 1, "{one} in {html}");
    }
    for none in ["<script", "javascript:", " style=\"", " on", "http:", "https:", "<img"] {
        let body = html.split("</style>").nth(1).unwrap();
        assert!(!body.contains(none) || none == " on" && !body.contains(" onclick"), "{none} in {html}");
    }
    for tag in ["main", "header", "dl", "dd", "ol", "li", "form", "button", "details", "summary", "p", "ul"] {
        let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "<{tag}> in {html}");
    }
    html
}

#[test]
fn the_page_is_plain_strict_and_in_the_reader_s_language() {
    on_both(|scene| {
        let credential = scene.enrol(&plan(), Status::Active);
        let link = asked(scene, &credential, 2, 1);
        let page = is_sound(&scene.http.get(&link).send().expect(200));
        assert!(page.contains("<html lang=\"en\">") && page.contains("Approve this signature?"), "{page}");
        assert!(page.contains("SHA-256") && page.contains("2027-01-15 08:10 UTC"), "{page}");
        let whole: String = hash("0").iter().map(|octet| format!("{octet:02x}")).collect();
        assert!(page.contains(&whole) && page.contains(&format!("{}…", &whole[..16])), "{page}");
        assert!(page.contains("will name the hash later: 1"), "{page}");

        let spanish = scene.http.get(&link).header("accept-language", "es-MX, en;q=0.5").send().expect(200);
        assert_eq!(spanish.header("content-language"), Some("es"));
        assert!(is_sound(&spanish).contains("¿Aprueba esta firma?"));
        let english = scene.http.get(&format!("{link}?lang=en")).header("accept-language", "es").send();
        assert!(is_sound(&english.expect(200)).contains("<a href=\"?lang=es\" hreflang=\"es\" lang=\"es\">"));

        let head = scene.http.request("HEAD".parse().unwrap(), &link).send().expect(200);
        assert!(head.body.is_empty() && head.header("content-security-policy").is_some());
        let done = scene.http.post(&format!("{link}?lang=es")).form(&[("decision", "approve")]).send();
        assert!(is_sound(&done.expect(200)).contains("<h1>Aprobado</h1>"));
    });
}

#[test]
fn many_hashes_are_counted_and_there_in_full() {
    on_both(|scene| {
        let credential = scene.enrol(&plan(), Status::Active);
        let page = is_sound(&scene.http.get(&asked(scene, &credential, 10, 10)).send().expect(200));
        assert_eq!(page.matches("<li><code>").count(), 5 + 10);
        assert!(page.contains("Further hashes: 5"), "{page}");
    });
}

#[test]
fn what_is_not_there_any_more_looks_like_what_never_was() {
    on_both(|scene| {
        let credential = scene.enrol(&plan(), Status::Active);
        let expired = asked(scene, &credential, 1, 1);
        scene.clock.advance(600);
        let decided = asked(scene, &credential, 1, 1);
        scene.decide(&decided, "refuse").expect(200);
        let never = format!("/approvals/{}", "A".repeat(43));
        let text = |reply: Reply| is_sound(&reply.expect(404));
        let unknown = text(scene.http.get(&never).send());
        for path in [&expired, "/approvals/x", "/approvals/%00", &format!("{never}A")] {
            assert_eq!(text(scene.http.get(path).send()), unknown, "{path}");
        }
        for path in [&never, &expired] {
            let refused = is_sound(&scene.decide(path, "approve").expect(404));
            assert!(refused.contains("This link is not valid"));
            let json = json!({ "decision": "approve" });
            let refused = scene.http.post(path).json(&json).send().expect(404).json();
            assert_eq!(refused["code"], "not_found");
        }
        for reply in [scene.http.get(&decided).send(), scene.decide(&decided, "approve")] {
            assert!(is_sound(&reply.expect(410)).contains("decided already"));
        }
    });
}

#[test]
fn odd_forms_decide_nothing() {
    on_both(|scene| {
        let credential = scene.enrol(&plan(), Status::Active);
        let link = asked(scene, &credential, 1, 1);
        let form = |fields: &[(&str, &str)]| scene.http.post(&link).form(fields).send();
        for odd in [
            form(&[]),
            form(&[("decision", "")]),
            form(&[("decision", "approved")]),
            form(&[("decision", "approve"), ("decision", "refuse")]),
            form(&[("decision", "approve"), ("other", "1")]),
        ] {
            assert!(is_sound(&odd.expect(400)).contains("Nothing was changed"));
        }
        scene.http.post(&link).bytes("text/plain", "decision=approve").send().expect(415);
        scene.http.put(&link).json(&json!({ "decision": "approve" })).send().expect(405);
        scene.decide(&link, "refuse").expect(200);
    });
}
