//! Where the demo plays: numbers its steps, shows what is sent and what comes back, and checks it.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};
use ureq::Agent;

use super::request::{self, Answer, Request};
use super::{Failure, Outcome, say};

/// Columns of what came back.
const WIDTH: usize = 100;
/// Characters of a value, where it is shown among others.
const VALUE_WIDTH: usize = 64;

pub struct Stage {
    agent: Agent,
    url: String,
    ink: Option<Ink>,
    begun: Instant,
    record: Vec<Step>,
    failure: Option<String>,
    /// Values that have names for the shell, `$NAME` first.
    named: Vec<(String, String)>,
}

/// How a step came out.
#[derive(Serialize)]
pub struct Step {
    step: String,
    ok: bool,
    /// Of the step's last answer.
    status: Option<u16>,
}

/// Whether colours reach the reader.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Colour,
}

/// What an answer has to be, and which parts of it are worth showing.
pub struct Expected {
    status: u16,
    says: Vec<(&'static str, Value)>,
    shows: Vec<&'static str>,
}

impl Expected {
    pub fn status(status: u16) -> Self {
        Self { status, says: Vec::new(), shows: Vec::new() }
    }

    /// A field that has to have this value.
    pub fn says(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.says.push((field, value.into()));
        self
    }

    pub fn shows(mut self, fields: &[&'static str]) -> Self {
        self.shows.extend(fields);
        self
    }

    /// A refusal of the native API.
    pub fn problem(status: u16, code: &str) -> Self {
        Self::status(status).says("code", code).shows(&["detail"])
    }

    /// A refusal of OAuth and CSC.
    pub fn refusal(status: u16, error: &str, description: &str) -> Self {
        Self::status(status).says("error", error).says("error_description", description)
    }
}

impl Stage {
    /// In silence when the reader is a program.
    pub fn new(url: String, seen: bool) -> Self {
        let colour =
            std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let ink = seen.then_some(if colour { Ink::Colour } else { Ink::Plain });
        Self {
            agent: request::agent(),
            url,
            ink,
            begun: Instant::now(),
            record: Vec::new(),
            failure: None,
            named: Vec::new(),
        }
    }

    /// Whether pictures reach the reader.
    pub fn has_colour(&self) -> bool {
        self.ink == Some(Ink::Colour)
    }

    pub fn step(&mut self, title: &str) -> Outcome {
        self.record.push(Step { step: title.to_owned(), ok: false, status: None });
        let number = self.record.len();
        self.line(&format!("\n{}\n", self.bold(&format!("{number:>2}  {title}"))))
    }

    /// Sends a request, shows it and its answer; an answer that is not as expected ends the demo.
    pub fn ask(&mut self, request: Request, expected: &Expected) -> Result<Answer, Failure> {
        for line in folded(&self.with_names(request.curl()), WIDTH) {
            self.line(&format!("    {}\n", self.dim(&line)))?;
        }
        let answer = request.send(&self.agent, &self.url).map_err(|failure| match failure {
            Failure::Failed(text) | Failure::Usage(text) => self.wrong(&text),
        })?;
        self.line(&format!("    {} {}\n", self.mark(answer.status), expected.excerpt(&answer.body)))?;
        if let Some(entry) = self.record.last_mut() {
            entry.status = Some(answer.status);
        }
        if let Some(difference) = expected.difference(&answer) {
            return Err(self.wrong(&difference));
        }
        self.passed();
        Ok(answer)
    }

    /// A command that a user would run here, and what it said.
    pub fn ran(&mut self, command: &str, said: &str) -> Outcome {
        self.line(&format!("    {}\n", self.dim(&format!("$ {command}"))))?;
        if said.is_empty() { Ok(()) } else { self.note(said) }
    }

    /// From here on a value is shown by a name that the shell knows, where the shell would fill it in.
    pub fn name(&mut self, name: &str, value: &str) -> Outcome {
        self.named.push((format!("${name}"), value.to_owned()));
        self.note(&format!("{name}={value}"))
    }

    /// The base of the server's URLs.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn note(&mut self, text: &str) -> Outcome {
        self.line(&format!("    {text}\n"))
    }

    /// Something that has to be so, besides what answers say.
    pub fn check(&mut self, holds: bool, otherwise: &str) -> Outcome {
        if !holds {
            return Err(self.wrong(otherwise));
        }
        self.passed();
        Ok(())
    }

    /// The step that came out wrong, by number and name.
    pub fn wrong(&mut self, difference: &str) -> Failure {
        if let Some(entry) = self.record.last_mut() {
            entry.ok = false;
        }
        let title = self.record.last().map_or("", |entry| entry.step.as_str());
        let text = format!("Step {} ({title}) came out wrong: {difference}", self.record.len());
        self.failure = Some(text.clone());
        Failure::Failed(text)
    }

    pub fn bow(&mut self) -> Outcome {
        let took = self.begun.elapsed();
        let text = format!("All {} steps came out as they should, in {}.", self.record.len(), seconds(took));
        self.line(&format!("\n{}\n", self.bold(&text)))
    }

    pub fn record(&self) -> &[Step] {
        &self.record
    }

    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn passed(&mut self) {
        if let Some(entry) = self.record.last_mut() {
            entry.ok = true;
        }
    }

    /// The URL, which stands in the first part, by names; what is in single quotes the shell leaves alone.
    fn with_names(&self, mut parts: Vec<String>) -> Vec<String> {
        if let Some(first) = parts.first_mut() {
            for (name, value) in &self.named {
                *first = first.replace(value, name);
            }
        }
        parts
    }

    fn line(&self, text: &str) -> Outcome {
        if self.ink.is_some() { say(text) } else { Ok(()) }
    }

    fn bold(&self, text: &str) -> String {
        self.painted("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.painted("36", text)
    }

    fn mark(&self, status: u16) -> String {
        self.painted(if status < 400 { "32" } else { "33" }, &status.to_string())
    }

    /// `style` is an SGR parameter of ECMA-48.
    fn painted(&self, style: &str, text: &str) -> String {
        if self.has_colour() { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Expected {
    fn difference(&self, answer: &Answer) -> Option<String> {
        if answer.status != self.status {
            return Some(format!("the answer is {} and not {}: {}", answer.status, self.status, answer.body));
        }
        let wrong = self.says.iter().find(|(field, value)| answer.body.get(*field) != Some(value));
        wrong.map(|(field, value)| {
            let found = answer.body.get(*field).unwrap_or(&Value::Null);
            format!("`{field}` is {found} and not {value}.")
        })
    }

    /// The fields that matter, in the order in which they were named.
    fn excerpt(&self, body: &Value) -> String {
        let fields = self.says.iter().map(|(field, _)| field).chain(&self.shows);
        let parts: Vec<String> =
            fields.filter_map(|field| Some(format!("\"{field}\":{}", short(body.get(*field)?)))).collect();
        if parts.is_empty() { String::new() } else { format!("{{{}}}", parts.join(",")) }
    }
}

/// A value with its long texts cut.
fn short(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > 2 * WIDTH => {
            let head: String = text.chars().take(VALUE_WIDTH).collect();
            Value::String(format!("{head}…"))
        }
        Value::Array(items) => Value::Array(items.iter().map(short).collect()),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(name, value)| (name.clone(), short(value))).collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

/// A command on as few lines as fit, as the shell continues them.
fn folded(parts: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            None => lines.push(format!("$ {part}")),
            Some(line) if line.chars().count() + part.chars().count() < width => {
                line.push(' ');
                line.push_str(part);
            }
            Some(line) => {
                line.push_str(" \\");
                lines.push(format!("    {part}"));
            }
        }
    }
    lines
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: Value) -> Answer {
        Answer { status, body }
    }

    #[test]
    fn an_answer_that_is_not_as_expected_is_told_apart() {
        let expected = Expected::problem(422, "public_key_mismatch");
        let right = json!({"code": "public_key_mismatch", "detail": "another key", "requestId": "r"});
        assert_eq!(expected.difference(&answer(422, right.clone())), None);
        assert_eq!(expected.excerpt(&right), r#"{"code":"public_key_mismatch","detail":"another key"}"#);
        assert!(expected.difference(&answer(200, right)).is_some_and(|said| said.contains("200")));
        let other = answer(422, json!({"code": "weak_key"}));
        assert!(expected.difference(&other).is_some_and(|said| said.contains("weak_key")));
        assert!(expected.difference(&answer(422, json!("text"))).is_some());
    }

    #[test]
    fn a_step_that_came_out_wrong_is_named_and_recorded() {
        let mut stage = Stage::new("http://127.0.0.1:1".to_owned(), false);
        assert!(stage.step("Create").is_ok() && stage.check(true, "").is_ok());
        assert!(stage.step("Confirm the OTP").is_ok());
        let Err(Failure::Failed(text)) = stage.check(false, "it is late.") else { panic!("it passed") };
        assert_eq!(text, "Step 2 (Confirm the OTP) came out wrong: it is late.");
        assert_eq!(stage.failure(), Some(text.as_str()));
        assert!(stage.record()[0].ok && !stage.record()[1].ok);
    }

    #[test]
    fn long_commands_and_values_are_cut_where_they_may_be() {
        let parts = ["curl x".to_owned(), "-d y".to_owned()];
        assert_eq!(folded(&parts, 80), ["$ curl x -d y"]);
        assert_eq!(folded(&parts, 9), ["$ curl x \\", "    -d y"]);
        let text = short(&json!({"a": ["x".repeat(300)]}))["a"][0].as_str().unwrap().to_owned();
        assert_eq!(text.chars().count(), VALUE_WIDTH + 1);
    }
}
