//! The README is held against the program: its table of flags, the calls it names, the files it points to.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use countersign::http::routes::TABLE;

/// The variable without a flag.
const MASTER_KEY: &str = "COUNTERSIGN_MASTER_KEY";

#[test]
fn the_readme_has_every_flag_with_its_variable_and_default_and_no_other() {
    let mut flags: BTreeMap<String, Setting> = BTreeMap::new();
    for command in ["init", "serve"] {
        for (flag, setting) in flags_of(&help(command)) {
            flags.entry(flag).or_default().merge(setting);
        }
    }
    flags.remove("--help");
    assert!(flags.contains_key("--listen") && flags.contains_key("--if-missing"), "{:?}", flags.keys());

    let mut written = configuration_table();
    let (_, variable, _) = written.remove(written.iter().position(|(flag, ..)| flag.is_empty()).unwrap());
    assert_eq!(variable, MASTER_KEY);
    assert!(help("serve").contains(MASTER_KEY));
    let names: Vec<&str> = written.iter().map(|(flag, ..)| flag.as_str()).collect();
    for flag in flags.keys() {
        assert_eq!(names.iter().filter(|name| *name == flag).count(), 1, "{flag} in the README's table");
    }
    for (flag, variable, default) in &written {
        let Some(setting) = flags.get(flag) else { panic!("{flag} is no flag of init or serve any more") };
        assert_eq!(*variable, setting.variable.clone().unwrap_or_default(), "the variable of {flag}");
        assert_eq!(default.is_empty(), setting.defaults.is_empty(), "the default of {flag}: {default:?}");
        for said in &setting.defaults {
            assert!(default.contains(said.as_str()), "the default of {flag}: {default:?} is not {said:?}");
        }
    }
}

#[test]
fn the_calls_that_the_readme_names_are_there() {
    let readme = readme();
    let mut seen = 0;
    for (method, path) in readme.split('`').filter_map(|span| span.split_once(' ')) {
        if matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") && path.starts_with('/') {
            let found = TABLE.iter().any(|row| row.method.as_str() == method && row.path == path);
            assert!(found, "there is no {method} {path}");
            seen += 1;
        }
    }
    assert!(seen >= 10, "only {seen} calls were found in the README");
}

#[test]
fn what_the_readme_links_to_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = readme();
    let targets: Vec<&str> = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(targets.len() > 5, "{targets:?}");
    for target in targets {
        if let Some(anchor) = target.strip_prefix('#') {
            let headings = readme.lines().filter(|line| line.starts_with('#'));
            let mut anchors =
                headings.map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"));
            assert!(anchors.any(|known| known == anchor), "no heading is #{anchor}");
        } else if !target.starts_with("https://") {
            assert!(root.join(target).exists(), "{target} is not there");
        }
    }
}

#[test]
fn each_point_of_rfc_9700_is_shown_by_a_test_that_is_there() {
    const SECTIONS: [&str; 27] = [
        "2.1", "2.1.1", "2.1.2", "2.2.1", "2.2.2", "2.3", "2.4", "2.5", "2.6", "4.1", "4.2", "4.3.1",
        "4.3.2", "4.4", "4.5", "4.6", "4.7", "4.8", "4.9", "4.10", "4.11", "4.12", "4.13", "4.14", "4.15",
        "4.16", "4.17",
    ];
    let readme = readme();
    let section =
        readme.split("### RFC 9700, point by point\n").nth(1).unwrap().split("\n### ").next().unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| section"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    for row in &rows {
        assert_eq!(row.len(), 4, "{row:?}");
        let named = row[3].split('`').filter(|span| span.contains("::")).count();
        assert!(named > 0, "no test shows {row:?}");
    }
    for known in SECTIONS {
        let is_there = rows.iter().any(|row| row[0].split(", ").any(|section| section == known));
        assert!(is_there, "no row for section {known}");
    }
    for (module, test) in section.split('`').filter_map(|span| span.split_once("::")) {
        let is_there =
            sources_of(module).iter().any(|source| source.contains(&format!("#[test]\nfn {test}() {{")));
        assert!(is_there, "there is no test {module}::{test}");
    }
}

/// The tests of a module, without their indentation: of this suite, or beside the code that they test.
fn sources_of(module: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [format!("tests/suite/{module}.rs"), format!("src/keys/{module}/tests.rs")];
    let found = places.iter().filter_map(|place| std::fs::read_to_string(root.join(place)).ok());
    found.map(|source| source.replace("\n    ", "\n")).collect()
}

/// What help says of a flag; commands may differ in the default.
#[derive(Default)]
struct Setting {
    variable: Option<String>,
    defaults: Vec<String>,
}

impl Setting {
    fn merge(&mut self, other: Setting) {
        self.variable = other.variable.or(self.variable.take());
        for default in other.defaults {
            if !self.defaults.contains(&default) {
                self.defaults.push(default);
            }
        }
    }
}

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// Flag, variable and default of each row, without backticks.
fn configuration_table() -> Vec<(String, String, String)> {
    let readme = readme();
    let section = readme.split("### Configuration\n").nth(1).unwrap();
    let rows =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| {
            let cells: Vec<String> = row.split('|').map(|cell| cell.trim().replace('`', "")).collect();
            assert_eq!(cells.len(), 6, "{row}");
            assert!(!cells[4].is_empty(), "no meaning: {row}");
            (cells[1].clone(), cells[2].clone(), cells[3].clone())
        })
        .collect()
}

/// The long help, of an environment that sets nothing.
fn help(command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args([command, "--help"])
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// A flag's paragraphs end where the next flag begins.
fn flags_of(help: &str) -> BTreeMap<String, Setting> {
    let mut flags = BTreeMap::new();
    let options = help.split("\nExamples:").next().unwrap();
    for paragraph in options.split("\n  -").flat_map(|part| part.split("\n      --").enumerate()) {
        let (at, text) = paragraph;
        // `  -h, --help`, or what stood after `      --`.
        let name = if at == 0 { text.split("--").nth(1) } else { Some(text) };
        let Some(name) = name.and_then(|name| name.split_whitespace().next()) else { continue };
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let bracketed = |key: &str| -> Vec<String> {
            words.split(key).skip(1).filter_map(|rest| rest.split(']').next()).map(str::to_owned).collect()
        };
        let variable = bracketed("[env: ").pop().map(|text| text.trim_end_matches('=').to_owned());
        flags.insert(format!("--{name}"), Setting { variable, defaults: bracketed("[default: ") });
    }
    flags
}
