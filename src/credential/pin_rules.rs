//! What a PIN has to be like. Six digits are little enough; the ones that everybody tries first are refused.

use crate::model::configuration::{PinFormat, PinRules};
use crate::model::error::{Code, Error, Result};
use crate::model::guessable::{is_repeat, is_run};
use crate::model::secret::SecretText;

/// Which rule a PIN breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinFault {
    Length,
    Format,
    /// One to three characters over and over.
    Repeat,
    /// Up or down in steps of one.
    Run,
    /// One of those that everybody tries first.
    Common,
}

/// The first rule that a PIN breaks.
pub fn fault(pin: &SecretText, rules: &PinRules) -> Option<PinFault> {
    let text = pin.expose();
    let length = text.chars().count();
    if !(usize::from(rules.min_length)..=usize::from(rules.max_length)).contains(&length) {
        return Some(PinFault::Length);
    }
    let fits = match rules.format {
        PinFormat::Numeric => text.bytes().all(|b| b.is_ascii_digit()),
        PinFormat::Alphanumeric => text.chars().all(|c| c.is_ascii_graphic()),
    };
    match text {
        _ if !fits => Some(PinFault::Format),
        _ if is_repeat(text) => Some(PinFault::Repeat),
        _ if is_run(text) => Some(PinFault::Run),
        _ if is_common(text) => Some(PinFault::Common),
        _ => None,
    }
}

pub(super) fn check(pin: &SecretText, rules: &PinRules) -> Result<()> {
    let Some(fault) = fault(pin, rules) else { return Ok(()) };
    Err(match (fault, rules.format) {
        (PinFault::Length, _) => Error::field(
            "/value",
            format!("the PIN has {} to {} characters", rules.min_length, rules.max_length),
        ),
        (PinFault::Format, PinFormat::Numeric) => Error::field("/value", "the PIN consists of digits"),
        (PinFault::Format, PinFormat::Alphanumeric) => {
            Error::field("/value", "the PIN consists of visible ASCII characters")
        }
        (PinFault::Repeat | PinFault::Run | PinFault::Common, _) => Error::new(
            Code::WeakPin,
            "The PIN is too easy to guess: no repeats (111111, 121212), no runs (123456, 987654), none of the commonest.",
        )
        .at("/value"),
    })
}

fn is_common(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    COMMONEST.contains(&lower.as_str())
}

/// The commonest that are neither repeats nor runs, after the six-to-eight-character part of the published
/// "10k most common" list of the SecLists project, and keypad shapes.
const COMMONEST: &[&str] = &[
    "112233",
    "159753",
    "147258",
    "131313",
    "101010",
    "123321",
    "654321",
    "696969",
    "777888",
    "111222",
    "112358",
    "142536",
    "147852",
    "159357",
    "147369",
    "123123",
    "123654",
    "123789",
    "124578",
    "135790",
    "135791",
    "159951",
    "232323",
    "246810",
    "252525",
    "258456",
    "369258",
    "420420",
    "456123",
    "456852",
    "741852",
    "753159",
    "753951",
    "789456",
    "789123",
    "789654",
    "852456",
    "852963",
    "963852",
    "987321",
    "951753",
    "147147",
    "258258",
    "121314",
    "102030",
    "010203",
    "112211",
    "111333",
    "222333",
    "332211",
    "445566",
    "556677",
    "778899",
    "998877",
    "665544",
    "100200",
    "123000",
    "000123",
    "121121",
    "192837",
    "314159",
    "271828",
    "007007",
    "741258",
    "963741",
    "159263",
    "1122334",
    "1234321",
    "1236987",
    "7894561",
    "1472583",
    "8675309",
    "3141592",
    "2718281",
    "5201314",
    "1123581",
    "11223344",
    "12341234",
    "12344321",
    "14725836",
    "12312312",
    "98765432",
    "87654321",
    "10203040",
    "11112222",
    "12121212",
    "13131313",
    "14141414",
    "15975346",
    "31415926",
    "27182818",
    "78945612",
    "88776655",
    "11235813",
    "147258369",
    "123654789",
    "987456321",
    "741852963",
    "789456123",
    "963852741",
    "159357456",
    "112233445566",
    "password",
    "passw0rd",
    "password1",
    "password123",
    "qwerty",
    "qwerty1",
    "qwerty123",
    "qwertyuiop",
    "asdfgh",
    "asdfghjkl",
    "zxcvbn",
    "zxcvbnm",
    "letmein",
    "welcome",
    "welcome1",
    "iloveyou",
    "monkey",
    "dragon",
    "master",
    "admin123",
    "administrator",
    "abc123",
    "abcd1234",
    "abcdef",
    "a1b2c3",
    "a1b2c3d4",
    "1q2w3e",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "q1w2e3r4",
    "qazwsx",
    "trustno1",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "batman",
    "shadow",
    "michael",
    "secret",
    "secret1",
    "changeme",
    "default",
    "pass1234",
    "test1234",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(pin: &str, rules: &PinRules) -> Option<Code> {
        check(&SecretText::new(pin), rules).err().map(|e| e.code())
    }

    #[test]
    fn repeats_runs_and_the_commonest_are_weak() {
        for pin in ["111111", "123456", "987654", "121212", "123123", "789012", "159753", "00000000"] {
            assert_eq!(code(pin, &PinRules::default()), Some(Code::WeakPin), "{pin}");
        }
        for pin in ["471193", "283019", "90210473"] {
            assert_eq!(code(pin, &PinRules::default()), None, "{pin}");
        }
    }

    #[test]
    fn length_and_alphabet_are_the_configurations() {
        assert_eq!(code("47119", &PinRules::default()), Some(Code::InvalidRequest));
        assert_eq!(code("47119a", &PinRules::default()), Some(Code::InvalidRequest));
        let letters = PinRules { format: PinFormat::Alphanumeric, ..PinRules::default() };
        assert_eq!(code("kw!7fQz", &letters), None);
        assert_eq!(code("Qwerty123", &letters), Some(Code::WeakPin));
    }
}
