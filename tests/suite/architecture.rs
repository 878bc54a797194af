//! The plan of the house, enforced: which room may use which, where each framework lives, how long a file
//! gets, and that both databases have the same migrations. Whoever adds a room gives it a line here.

use std::path::Path;

const GROUND: &[&str] = &["audit", "store", "keys", "pki", "outbound", "model"];
/// What every verb works with.
const SERVICE: &[&str] = &["service"];
const VERBS: &[&str] = &["credential", "oauth", "identity", "timestamp"];
/// What stands around the rooms: read or set up once, then handed to whoever answers the world.
const SURROUNDINGS: &[&str] = &["app", "config", "logs", "metrics"];

/// A room (a folder of `src/`, or a file directly in it) and the other rooms that it may use.
const ROOMS: &[(&str, &[&[&str]])] = &[
    ("model", &[]),
    ("store", &[&["model"]]),
    ("keys", &[&["model"]]),
    ("pki", &[&["model"]]),
    ("outbound", &[&["model"]]),
    ("audit", &[&["store", "keys", "pki", "model"]]),
    ("service", &[GROUND]),
    ("credential", &[SERVICE, GROUND]),
    ("identity", &[SERVICE, GROUND]),
    ("oauth", &[SERVICE, GROUND, &["credential", "identity"]]),
    // Who may use credentials may have times stamped.
    ("timestamp", &[SERVICE, GROUND, &["credential"]]),
    ("config", &[&["store", "keys", "pki", "outbound", "model"]]),
    ("logs", &[&["config", "model"]]),
    ("metrics", &[&["model"]]),
    ("jobs", &[VERBS, SERVICE, GROUND, SURROUNDINGS]),
    ("http", &[VERBS, SERVICE, GROUND, SURROUNDINGS]),
    // `serve` and `demo` start the server.
    ("cli", &[VERBS, SERVICE, GROUND, SURROUNDINGS, &["http", "jobs"]]),
    ("app", &[VERBS, SERVICE, GROUND, SURROUNDINGS, &["http", "jobs"]]),
    ("main", &[&["cli"], SURROUNDINGS]),
    ("lib", &[]),
];

/// What the name of a foreign crate begins with, and the rooms that may use it.
const FRAMEWORKS: &[(&str, &[&str])] = &[
    ("actix", &["http", "app"]),
    ("diesel", &["store"]),
    ("clap", &["cli", "config"]),
    ("openssl", &["keys", "pki"]),
    ("rcgen", &["keys", "pki"]),
    ("x509_parser", &["keys", "pki"]),
    ("lettre", &["outbound"]),
];

/// Without its tests.
const LONGEST_FILE_IN_LINES: usize = 500;

#[test]
fn rooms_keep_to_the_plan() {
    let files = rust_files(&manifest().join("src"));
    assert!(files.iter().any(|(path, _)| path == "src/lib.rs"), "src/ was not found");
    let violations = violations(&files);
    assert!(violations.is_empty(), "{} against the plan:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |backend: &str| {
        let directory = manifest().join("migrations").join(backend);
        let mut names: Vec<String> =
            entries(&directory).iter().map(|path| relative(path, &directory)).collect();
        names.sort();
        names
    };
    assert_ne!(names("sqlite"), Vec::<String>::new());
    assert_eq!(names("sqlite"), names("postgres"));
}

/// What in these files (path from the package's root, text) goes against the plan, one line each.
fn violations(files: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        let place = Place::of(path);
        let tokens = tokens(text);
        for (line, used) in rooms_used(&tokens, place.depth) {
            if let Some(why) = wrong_arrow(&place.room, used) {
                found.push(format!("{path}:{line}: {why}"));
            }
        }
        for (line, name) in crates_used(&tokens) {
            if let Some(rooms) = home_of(name).filter(|rooms| !rooms.contains(&place.room.as_str())) {
                found.push(format!("{path}:{line}: `{name}` is used in {} only", rooms.join(" and ")));
            }
        }
        let length = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text).lines().count();
        if length > LONGEST_FILE_IN_LINES {
            found.push(format!(
                "{path}: {length} lines. A file past {LONGEST_FILE_IN_LINES} holds two ideas: give the second one a \
                 file of its own, with a name that says what it is"
            ));
        }
    }
    found
}

fn wrong_arrow(room: &str, used: &str) -> Option<String> {
    if room == used {
        return None;
    }
    let Some((_, may_use)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return Some(format!("the room `{room}` has no line in ROOMS (tests/suite/architecture.rs)"));
    };
    if !ROOMS.iter().any(|(name, _)| *name == used) {
        return Some(format!("`crate::{used}` is no room of ROOMS (tests/suite/architecture.rs)"));
    }
    let allowed = may_use.iter().any(|group| group.contains(&used));
    (!allowed).then(|| format!("`{room}` may not use `{used}`: arrows point downwards only"))
}

fn home_of(foreign: &str) -> Option<&'static [&'static str]> {
    FRAMEWORKS.iter().find(|(prefix, _)| foreign.starts_with(prefix)).map(|(_, rooms)| *rooms)
}

/// Where a file stands in the tree of modules.
struct Place {
    room: String,
    /// How many `super` lead from its top level to the crate's root.
    depth: usize,
}

impl Place {
    fn of(path: &str) -> Place {
        let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let root = inside == "lib" || inside == "main";
        Place {
            room: inside.split('/').next().unwrap_or(inside).to_owned(),
            depth: if root { 0 } else { inside.split('/').count() },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Token<'a> {
    Word(&'a str),
    /// `::`
    Path,
    Mark(char),
}

use Token::{Mark, Path as PathSeparator, Word};

/// The rooms that paths begin with: behind `crate::`, `countersign::` and any row of `super::` that leads to
/// the root.
fn rooms_used<'a>(tokens: &[(usize, Token<'a>)], depth_of_file: usize) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let mut braces: usize = 0;
    // How deep in braces each inline module around us was opened.
    let mut modules: Vec<usize> = Vec::new();
    let mut supers: usize = 0;
    for (at, &(_, token)) in tokens.iter().enumerate() {
        let before = |n: usize| at.checked_sub(n).map(|i| tokens[i].1);
        match token {
            Mark('{') => {
                if before(2) == Some(Word("mod")) {
                    modules.push(braces);
                }
                braces += 1;
            }
            Mark('}') => {
                braces = braces.saturating_sub(1);
                if modules.last() == Some(&braces) {
                    modules.pop();
                }
            }
            _ => {}
        }
        if tokens.get(at + 1).map(|(_, next)| *next) != Some(PathSeparator) {
            continue;
        }
        let to_root = match token {
            Word("crate" | "countersign") => before(1) != Some(PathSeparator),
            Word("super") => {
                supers = if before(1) == Some(PathSeparator) { supers + 1 } else { 1 };
                supers == depth_of_file + modules.len()
            }
            _ => false,
        };
        if to_root {
            found.extend(first_names(&tokens[at + 2..]));
        }
    }
    found
}

/// The first name of each path behind a `::`: one, or those of a group in braces.
fn first_names<'a>(tokens: &[(usize, Token<'a>)]) -> Vec<(usize, &'a str)> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut first = true;
    for &(line, token) in tokens {
        match token {
            Mark('{') => depth += 1,
            Mark('}') => depth -= 1,
            Mark(',') if depth == 1 => first = true,
            Word(name) if first => {
                names.push((line, name));
                first = false;
            }
            Mark('*') if first => names.push((line, "*")),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// The names that stand where a crate's name can stand: first in a path, or alone behind `use`.
fn crates_used<'a>(tokens: &[(usize, Token<'a>)]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for (at, &(line, token)) in tokens.iter().enumerate() {
        let Word(name) = token else { continue };
        let before = at.checked_sub(1).map(|i| tokens[i].1);
        let begins_a_path = tokens.get(at + 1).is_some_and(|(_, next)| *next == PathSeparator);
        let imported = matches!(before, Some(Word("use" | "crate")));
        if before != Some(PathSeparator) && (begins_a_path || imported) {
            found.push((line, name));
        }
    }
    found
}

/// Words, `::` and marks with their line numbers, without comments and literals.
fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, token) = next_token(rest, first);
        if let Some(token) = token {
            tokens.push((line, token));
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

fn next_token(rest: &str, first: char) -> (usize, Option<Token<'_>>) {
    let until =
        |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if rest.starts_with("//") {
        return (until("\n", 0), None);
    }
    if rest.starts_with("/*") {
        return (until("*/", 2), None);
    }
    if rest.starts_with("::") {
        return (2, Some(PathSeparator));
    }
    if first == '"' {
        return (quoted(rest, '"'), None);
    }
    if first == '\'' {
        let mut ahead = rest.chars().skip(1);
        let literal = ahead.next() == Some('\\') || ahead.next() == Some('\'');
        return (if literal { quoted(rest, '\'') } else { 1 }, None);
    }
    if first.is_alphanumeric() || first == '_' {
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        let hashes = behind.len() - behind.trim_start_matches('#').len();
        if ["r", "br", "cr"].contains(&word) && behind[hashes..].starts_with('"') {
            return (until(&format!("\"{}", "#".repeat(hashes)), length + hashes + 1), None);
        }
        return (length, Some(Word(word)));
    }
    (first.len_utf8(), (!first.is_whitespace()).then_some(Mark(first)))
}

/// The length of the literal that begins here, with both its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(directory: &Path) -> Vec<(String, String)> {
    entries(directory)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (relative(&path, manifest()), text)
        })
        .collect()
}

/// Every file below a directory.
fn entries(directory: &Path) -> Vec<std::path::PathBuf> {
    let listing = std::fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
    let mut files = Vec::new();
    for entry in listing.map(|entry| entry.expect("a readable directory").path()) {
        if entry.is_dir() { files.extend(entries(&entry)) } else { files.push(entry) }
    }
    files
}

fn relative(path: &Path, to: &Path) -> String {
    path.strip_prefix(to).unwrap_or(path).to_string_lossy().into_owned()
}

mod the_check_itself {
    use super::*;

    #[test]
    fn finds_what_goes_against_the_plan() {
        for (path, text, expected) in [
            ("src/model/id.rs", "use crate::store::Store;", "src/model/id.rs:1: `model` may not use `store`"),
            ("src/store/mod.rs", "\nuse crate::keys::Sad;", "src/store/mod.rs:2: `store` may not use `keys`"),
            ("src/pki/csr.rs", "fn f() { crate::audit::append() }", "`pki` may not use `audit`"),
            (
                "src/credential/sign.rs",
                "use crate::{model::id, oauth::{token}};",
                "`credential` may not use `oauth`",
            ),
            ("src/credential/sign.rs", "use crate::identity;", "`credential` may not use `identity`"),
            (
                "src/identity/mod.rs",
                "use crate::{\n    credential,\n};",
                "src/identity/mod.rs:2: `identity` may not",
            ),
            ("src/audit/mod.rs", "use super::http::x;", "`audit` may not use `http`"),
            ("src/audit/leaf.rs", "use super::super::{model, cli};", "`audit` may not use `cli`"),
            ("src/keys/mod.rs", "mod tests { use super::super::jobs; }", "`keys` may not use `jobs`"),
            ("src/http/routes.rs", "use crate::cli::Serve;", "`http` may not use `cli`"),
            ("src/jobs/mod.rs", "pub use crate::http;", "`jobs` may not use `http`"),
            ("src/config/mod.rs", "use crate::app;", "`config` may not use `app`"),
            ("src/main.rs", "use countersign::store::Store;", "`main` may not use `store`"),
            (
                "src/store/macros.rs",
                "macro_rules! m { () => { $crate::http::x } }",
                "`store` may not use `http`",
            ),
            ("src/cellar/mod.rs", "use crate::model;", "the room `cellar` has no line"),
            ("src/http/mod.rs", "use crate::cellar;", "`crate::cellar` is no room"),
            ("src/http/mod.rs", "use crate::*;", "`crate::*` is no room"),
            ("src/oauth/token.rs", "use actix_web::web;", "`actix_web` is used in http and app only"),
            ("src/http/mod.rs", "let c: diesel::PgConnection;", "`diesel` is used in store only"),
            ("src/app.rs", "use diesel_migrations as m;", "`diesel_migrations` is used in store only"),
            ("src/main.rs", "use clap::Parser;", "`clap` is used in cli and config only"),
            (
                "src/credential/sign.rs",
                "let k = openssl::pkey::PKey::x();",
                "`openssl` is used in keys and pki only",
            ),
            (
                "src/model/algorithm.rs",
                "extern crate x509_parser;",
                "`x509_parser` is used in keys and pki only",
            ),
        ] {
            let found = violations(&[(path.to_owned(), text.to_owned())]);
            assert_eq!(found.len(), 1, "{path}: {text}: {found:?}");
            assert!(found[0].contains(expected), "{found:?} does not say {expected:?}");
        }
    }

    #[test]
    fn leaves_the_rest_in_peace() {
        for (path, text) in [
            ("src/model/id.rs", "//! [`crate::store`]\n/* crate::http */ use crate::model::time;"),
            (
                "src/model/id.rs",
                r####"const X: &str = "\"crate::http"; const Y: &str = r#"diesel::"x""#;"####,
            ),
            (
                "src/model/id.rs",
                "fn f<'a>(x: &'a str) -> char { '\"' } // crate::http\nconst Q: char = '\\'';",
            ),
            (
                "src/keys/mod.rs",
                "mod openssl; pub(crate) use self::openssl::x; mod tests { use super::store; }",
            ),
            ("src/store/mod.rs", "mod tests { use super::credential; use crate::store::audit; }"),
            ("src/oauth/token.rs", "use crate::{credential, identity::{self, credential}, audit, model::*};"),
            ("src/cli/serve.rs", "use clap::Args; use crate::{app, config, store};"),
            ("src/app.rs", "use crate::{http, jobs, store, keys}; use actix_web::App;"),
            ("src/http/api/x.rs", "use super::super::csc; fn f() { model::clap::x(); app.diesel(); }"),
        ] {
            assert_eq!(
                violations(&[(path.to_owned(), text.to_owned())]),
                Vec::<String>::new(),
                "{path}: {text}"
            );
        }
    }

    #[test]
    fn a_long_file_is_told_to_split_and_its_tests_do_not_count() {
        let long = "//\n".repeat(LONGEST_FILE_IN_LINES);
        let with_tests = format!("{long}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert_eq!(violations(&[("src/model/x.rs".to_owned(), with_tests)]), Vec::<String>::new());
        let found = violations(&[("src/model/x.rs".to_owned(), format!("{long}//\n"))]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("src/model/x.rs: 501 lines."), "{found:?}");
    }
}
