//! What a password has to be like. NIST SP 800-63B-4 asks for 15 characters where it is all that is asked for, and for 8
//! beside a second factor. Here it gives no signature by itself, since a credential has factors of its own, and guesses
//! are slowed down: so it is 12, with or without a code, and what everybody tries first is refused at any length.

use crate::model::error::{Code, Error, Result};
use crate::model::guessable::{is_repeat, is_run};
use crate::model::secret::SecretText;
use crate::model::user::User;

/// In characters.
const SHORTEST: usize = 12;
const LONGEST: usize = 128;
/// Shorter names are in too many other words.
const SHORTEST_NAME: usize = 4;
const SERVICE_NAME: &str = "countersign";

pub(super) fn check(user: &User, password: &SecretText) -> Result<()> {
    let text = password.expose();
    let length = text.chars().count();
    if length > LONGEST || text.chars().any(char::is_control) {
        return Err(Error::field(
            "/password",
            format!("at most {LONGEST} characters, none of them a control character"),
        ));
    }
    if length < SHORTEST {
        return Err(weak(&format!(
            "it has {length} characters, and needs {SHORTEST}. Spaces count: take a few words"
        )));
    }
    let lower = SecretText::new(text.to_lowercase());
    if is_repeat(lower.expose()) || is_run(lower.expose()) {
        return Err(weak("it is a row of characters that anybody would guess"));
    }
    if is_common(lower.expose()) {
        return Err(weak("it is one of the commonest, or little more than one of them"));
    }
    if let Some(what) =
        context(user).into_iter().find_map(|(what, name)| found(lower.expose(), &name).then_some(what))
    {
        return Err(weak(&format!("{what} is in it")));
    }
    Ok(())
}

/// Whether it is on the list, by itself, over and over, or with digits and signs around it.
fn is_common(lower: &str) -> bool {
    let candidates = [lower, bare(lower), unit(lower), bare(unit(lower)), unit(bare(lower))];
    COMMONEST.lines().any(|common| candidates.contains(&common))
}

fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphabetic())
}

/// What a text says over and over, else the text.
fn unit(text: &str) -> &str {
    let repeats = |length: &usize| {
        text.len().is_multiple_of(*length)
            && text.bytes().zip(text.bytes().skip(*length)).all(|(a, b)| a == b)
    };
    (1..=text.len() / 2).find(repeats).and_then(|length| text.get(..length)).unwrap_or(text)
}

/// What others know of the user, and how to call it.
fn context(user: &User) -> Vec<(&'static str, String)> {
    let local = |address: &str| address.split('@').next().unwrap_or(address).to_owned();
    let mut known = vec![
        ("the user's name", user.name.to_string()),
        ("the user's name", local(user.name.as_str())),
        ("the tenant's name", user.tenant.to_string()),
        ("the name of this service", SERVICE_NAME.to_owned()),
    ];
    known.extend(user.first_name.iter().chain(&user.last_name).map(|name| ("the user's name", name.clone())));
    known.extend(user.email.iter().flat_map(|email| {
        [("the user's e-mail address", email.clone()), ("the user's e-mail address", local(email))]
    }));
    known
}

fn found(lower: &str, name: &str) -> bool {
    name.chars().count() >= SHORTEST_NAME && lower.contains(&name.to_lowercase())
}

fn weak(why: &str) -> Error {
    Error::new(Code::WeakPassword, format!("The password is too easy to guess: {why}.")).at("/password")
}

/// Lines with `#` are no password's lower case: they begin the file only.
const COMMONEST: &str = include_str!("commonest.txt");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::id::UserId;
    use crate::model::name::{TenantName, UserName};
    use crate::model::time::Timestamp;
    use crate::model::user::{OtpStanding, UserStatus};

    fn user() -> User {
        let now = Timestamp::from_seconds(0);
        User {
            id: UserId::new(now, [0; 10]),
            tenant: TenantName::parse("globex").unwrap(),
            name: UserName::parse("jdoe@globex.example").unwrap(),
            first_name: Some("Jo".into()),
            last_name: Some("Müller".into()),
            email: Some("johnny.d@mail.example".into()),
            groups: BTreeSet::new(),
            roles: BTreeSet::new(),
            seats: BTreeSet::new(),
            status: UserStatus::Active,
            password: None,
            otp: OtpStanding::None,
            created_at: now,
            version: 0,
        }
    }

    fn verdict(password: &str) -> Option<Code> {
        check(&user(), &SecretText::new(password)).err().map(|error| error.code())
    }

    #[test]
    fn length_is_all_that_is_asked_of_what_nobody_guesses() {
        let longest = "kqzvwxjp bmfh 47".repeat(8);
        for good in [
            "correct horse battery",
            "ringing the bell",
            "zwölf Boxkämpfer",
            "8291 0174 6650",
            "kqzvwxjpbmfh",
            &longest,
        ] {
            assert_eq!(verdict(good), None, "{good}");
        }
        assert_eq!(verdict("elevenchars"), Some(Code::WeakPassword));
        // Characters, not octets.
        assert_eq!(verdict("öäüöäöüäöäß"), Some(Code::WeakPassword));
        assert_eq!(verdict(&format!("{longest}x")), Some(Code::InvalidRequest));
        assert_eq!(verdict("kqzvwxjp\nbmfh"), Some(Code::InvalidRequest));
    }

    #[test]
    fn what_everybody_tries_first_is_refused_at_any_length() {
        for bad in [
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabc",
            "123456789012",
            "abcdefghijklmnop",
            "1qaz2wsx3edc",
            "Password1234!",
            "password_password_",
            "passwordpassword",
            "!!Football2024!!",
            "qwertyqwertyqwerty",
        ] {
            assert_eq!(verdict(bad), Some(Code::WeakPassword), "{bad}");
        }
    }

    #[test]
    fn what_others_know_of_the_user_is_refused_in_it_by_name() {
        for (bad, why) in [
            ("the JDoe of today", "the user's name"),
            ("frau müller im garten", "the user's name"),
            ("my Globex password now", "the tenant's name"),
            ("a CounterSign for me", "the name of this service"),
            ("here comes johnny.d again", "the user's e-mail address"),
        ] {
            let error = check(&user(), &SecretText::new(bad)).unwrap_err();
            assert_eq!(error.code(), Code::WeakPassword, "{bad}");
            assert!(error.detail().contains(why), "{bad}: {}", error.detail());
        }
        // Jo is in too many words.
        assert_eq!(verdict("jovial walrus banjo"), None);
    }

    #[test]
    fn the_list_is_in_lower_case_and_long_enough_to_matter() {
        let words: Vec<&str> = COMMONEST.lines().filter(|line| !line.starts_with("# ")).collect();
        assert!(words.len() > 4000, "{}", words.len());
        assert!(words.iter().all(|word| word.len() >= 5 && **word == word.to_lowercase()));
    }
}
