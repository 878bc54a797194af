//! A mail server on a port of its own: it keeps what it is given, and answers as it is told to, also badly.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct MailServer {
    address: SocketAddr,
    inside: Arc<Inside>,
}

struct Inside {
    manner: Mutex<Manner>,
    letters: Mutex<Vec<Letter>>,
    refused: Mutex<Vec<Letter>>,
    ended: AtomicBool,
}

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Good,
    /// Knows no recipient.
    RefusingRecipients,
    /// Refuses each letter, and repeats it in the refusal.
    RefusingLetters,
    /// Says nothing more.
    Silent,
    HangingUp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub from: String,
    pub to: String,
    /// Headers and body as they came.
    pub text: String,
}

impl MailServer {
    pub fn start() -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Inside {
            manner: Mutex::new(Manner::Good),
            letters: Mutex::default(),
            refused: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let shared = Arc::clone(&inside);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, stream) = (Arc::clone(&shared), stream.unwrap());
                // Whoever is hung up on, or hangs up, ends its conversation.
                thread::spawn(move || converse(&stream, &shared).unwrap_or_default());
            }
        });
        MailServer { address, inside }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn set(&self, manner: Manner) {
        *self.inside.manner.lock().unwrap() = manner;
    }

    /// What came for an address, oldest first.
    pub fn letters(&self, to: &str) -> Vec<Letter> {
        self.inside.letters.lock().unwrap().iter().filter(|letter| letter.to == to).cloned().collect()
    }

    /// What was refused, oldest first.
    pub fn refused(&self) -> Vec<Letter> {
        self.inside.refused.lock().unwrap().clone()
    }

    /// The code in the last letter to an address.
    #[track_caller]
    pub fn code(&self, to: &str) -> String {
        self.letters(to).last().unwrap_or_else(|| panic!("no letter to {to}")).code()
    }
}

impl Letter {
    #[track_caller]
    pub fn code(&self) -> String {
        let code = self.text.lines().find_map(|line| {
            let digits = line.strip_prefix("    ")?.trim_end();
            (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.to_owned())
        });
        code.unwrap_or_else(|| panic!("no code in {}", self.text))
    }

    /// On a line of its own.
    #[track_caller]
    pub fn link(&self) -> String {
        let link = self.text.lines().find(|line| line.starts_with("http"));
        link.unwrap_or_else(|| panic!("no link in {}", self.text)).to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.inside.ended.store(true, Ordering::SeqCst);
        // Wakes the one who waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

fn converse(stream: &TcpStream, inside: &Inside) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let say = |text: &str| (&mut &*stream).write_all(format!("{text}\r\n").as_bytes());
    let mut letter = Letter { from: String::new(), to: String::new(), text: String::new() };
    say("220 mail.test ESMTP")?;
    while let Some(line) = lines.next().transpose()? {
        let manner = *inside.manner.lock().unwrap();
        let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        match (manner, line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str()) {
            (Manner::Silent, _) => {}
            (Manner::HangingUp, _) => return Ok(()),
            (_, "EHLO" | "HELO") => say("250-mail.test\r\n250 AUTH PLAIN")?,
            (_, "AUTH") => say("235 whoever you are")?,
            (_, "MAIL") => {
                letter.from = address();
                say("250 fine")?;
            }
            (Manner::RefusingRecipients, "RCPT") => say("550 5.1.1 nobody by that name")?,
            (_, "RCPT") => {
                letter.to = address();
                say("250 fine")?;
            }
            (_, "DATA") => {
                say("354 go on")?;
                letter.text.clear();
                while let Some(line) = lines.next().transpose()?.filter(|line| line != ".") {
                    letter.text.push_str(&line);
                    letter.text.push_str("\r\n");
                }
                if manner == Manner::RefusingLetters {
                    inside.refused.lock().unwrap().push(letter.clone());
                    say(&format!("554 5.7.1 not this: {}", letter.text.replace("\r\n", " ")))?;
                } else {
                    inside.letters.lock().unwrap().push(letter.clone());
                    say("250 taken")?;
                }
            }
            (_, "QUIT") => return say("221 bye"),
            (_, "NOOP" | "RSET") => say("250 fine")?,
            _ => say("500 what?")?,
        }
    }
    Ok(())
}
