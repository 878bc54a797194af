//! A directory for the demo's files, so that the commands it shows can be run, and the openssl that may be there.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Failure;
use crate::keys::random;

/// Removed with everything in it when it goes.
pub struct Workshop {
    path: PathBuf,
    document: String,
}

const TEXT: &str = "I, John Doe, agree.\n";

impl Workshop {
    /// A new directory with the document to sign in it: a copy of the given file, or a short text.
    pub fn open(document: Option<&Path>) -> Result<Self, Failure> {
        let name = random::bytes::<6>()?.map(|byte| format!("{byte:02x}")).concat();
        let path = std::env::temp_dir().join(format!("countersign-demo-{name}"));
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(|error| cannot("make", &path, &error))?;
        let mut workshop = Self { path, document: "document.txt".to_owned() };
        match document {
            None => workshop.write("document.txt", TEXT.as_bytes())?,
            Some(original) => {
                let bytes = fs::read(original).map_err(|error| cannot("read", original, &error))?;
                let extension = original.extension().and_then(|extension| extension.to_str());
                let plain = extension.filter(|text| text.chars().all(|c| c.is_ascii_alphanumeric()));
                workshop.document = format!("document.{}", plain.unwrap_or("bin"));
                workshop.write(&workshop.document, &bytes)?;
            }
        }
        Ok(workshop)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the document's file.
    pub fn document(&self) -> &str {
        &self.document
    }

    pub fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let path = self.path.join(name);
        fs::read(&path).map_err(|error| cannot("read", &path, &error))
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path.join(name);
        fs::write(&path, bytes).map_err(|error| cannot("write", &path, &error))
    }

    /// Runs `openssl` here with these words; what it said and whether it was content. `None` where there is no openssl.
    pub fn openssl(&self, words: &str) -> Option<(String, bool)> {
        let output = Command::new("openssl")
            .args(words.split(' '))
            .current_dir(&self.path)
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let said = [output.stdout, output.stderr].concat();
        Some((String::from_utf8_lossy(&said).trim().to_owned(), output.status.success()))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("Cannot {what} {}: {error}.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workshop_holds_the_document_and_leaves_nothing() {
        let workshop = Workshop::open(None).ok().unwrap();
        assert_eq!(workshop.read(workshop.document()).ok().unwrap(), TEXT.as_bytes());
        let path = workshop.path().to_owned();
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let other = Workshop::open(Some(&manifest)).ok().unwrap();
        assert_eq!(other.document(), "document.toml");
        assert_ne!(other.path(), path);
        drop(workshop);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let Err(Failure::Failed(text)) = Workshop::open(Some(Path::new("/no/such/file"))) else {
            panic!("it was found")
        };
        assert!(text.contains("/no/such/file"), "{text}");
    }
}
