//! What signers are written: short, plain, and in their language.

use crate::model::factor::Channel;
use crate::model::language::Language;
use crate::model::secret::SecretText;

/// What a signer is to be told.
pub(super) enum Message<'a> {
    /// A one-time password. Letters with codes hold no links: a link beside a code is what fraud looks like.
    Code { code: &'a SecretText, lifetime: Lifetime },
    /// Where something is approved or refused.
    Approval { link: &'a SecretText, about: &'a str, lifetime: Lifetime },
    /// Where the signer says that the address is theirs.
    Confirmation { link: &'a SecretText, lifetime: Lifetime },
}

/// How long it is good for, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime(pub u32);

impl Lifetime {
    /// Whole minutes, rounded down, so that nobody is promised too much.
    fn minutes(self) -> u32 {
        (self.0 / 60).max(1)
    }
}

pub(super) struct Letter {
    /// Holds no secret: phones show it to whoever looks.
    pub subject: String,
    pub text: SecretText,
}

impl Message<'_> {
    /// What must not get into logs.
    pub fn secret(&self) -> &SecretText {
        match self {
            Self::Code { code, .. } => code,
            Self::Approval { link, .. } | Self::Confirmation { link, .. } => link,
        }
    }

    pub fn lifetime(&self) -> Lifetime {
        match self {
            Self::Code { lifetime, .. }
            | Self::Approval { lifetime, .. }
            | Self::Confirmation { lifetime, .. } => *lifetime,
        }
    }
}

/// In the name of a tenant, by its display name.
pub(super) fn letter(message: &Message, from: &str, channel: Channel, language: Language) -> Letter {
    let minutes = message.lifetime().minutes();
    let secret = message.secret().expose();
    let (subject, text) = match (message, language, channel) {
        (Message::Code { .. }, Language::English, Channel::Email) => (
            format!("Your one-time password for {from}"),
            format!(
                "Your one-time password for signing with {from} is\n\n    {secret}\n\n\
                 It works once, within {minutes} minutes.\n\n\
                 Type it only where you asked for it yourself, and never pass it on: whoever has it may sign in your \
                 name. Nobody at {from} will ask you for it. If you did not ask for it, do nothing and tell {from}.\n"
            ),
        ),
        (Message::Code { .. }, Language::Spanish, Channel::Email) => (
            format!("Su código de un solo uso para {from}"),
            format!(
                "Su código de un solo uso para firmar con {from} es\n\n    {secret}\n\n\
                 Sirve una sola vez, durante {minutes} minutos.\n\n\
                 Escríbalo solo donde usted mismo lo haya pedido y no se lo dé nunca a nadie: quien lo tenga puede \
                 firmar en su nombre. Nadie de {from} se lo pedirá. Si no lo ha pedido, no haga nada y avise a {from}.\n"
            ),
        ),
        (Message::Code { .. }, Language::English, Channel::Gateway) => (
            String::new(),
            format!(
                "{from}: {secret} is your one-time password for signing, for {minutes} minutes. Never pass it on."
            ),
        ),
        (Message::Code { .. }, Language::Spanish, Channel::Gateway) => (
            String::new(),
            format!(
                "{from}: {secret} es su código para firmar, durante {minutes} minutos. No se lo dé nunca a nadie."
            ),
        ),
        (Message::Approval { about, .. }, Language::English, _) => (
            format!("{from}: a signature waits for your approval"),
            format!(
                "{from} asks you to approve a signature:\n\n    {}\n\nLook at it, and approve or refuse it, within \
                 {minutes} minutes:\n\n{secret}\n\nIf you did not expect this, refuse it and tell {from}.\n",
                one_line(about)
            ),
        ),
        (Message::Approval { about, .. }, Language::Spanish, _) => (
            format!("{from}: una firma espera su aprobación"),
            format!(
                "{from} le pide que apruebe una firma:\n\n    {}\n\nRevísela y apruébela o recházela en los próximos \
                 {minutes} minutos:\n\n{secret}\n\nSi no la esperaba, recházela y avise a {from}.\n",
                one_line(about)
            ),
        ),
        (Message::Confirmation { .. }, Language::English, _) => (
            format!("{from}: is this address yours?"),
            format!(
                "{from} wants to ask you here before anything is signed in your name. Say whether this is right:\n\n\
                 {secret}\n\nIf you did not expect this, refuse it there and tell {from}.\n"
            ),
        ),
        (Message::Confirmation { .. }, Language::Spanish, _) => (
            format!("{from}: ¿es suya esta dirección?"),
            format!(
                "{from} quiere preguntarle aquí antes de firmar nada en su nombre. Diga si es correcto:\n\n\
                 {secret}\n\nSi no lo esperaba, rechácelo allí y avise a {from}.\n"
            ),
        ),
    };
    Letter { subject, text: SecretText::new(text) }
}

/// What a caller wrote stays one line, read in one direction, and holds nothing that mail programs make a link of: the
/// only link is ours.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace() || turns_the_direction(c));
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.replace("://", ": ").replace("www.", "www ")
}

/// Unicode's marks, embeddings, overrides and isolates of direction.
fn turns_the_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_wrote_holds_no_link_and_no_turn() {
        let written = "Pay\r\nhttps://evil.example/x \u{202e}now at www.evil.example\u{2066}";
        assert_eq!(one_line(written), "Pay https: evil.example/x now at www evil.example");
    }

    #[test]
    fn codes_are_in_the_text_only_and_beside_no_link() {
        let code = SecretText::new("004711");
        let message = Message::Code { code: &code, lifetime: Lifetime(300) };
        for language in [Language::English, Language::Spanish] {
            for channel in [Channel::Email, Channel::Gateway] {
                let letter = letter(&message, "Acme", channel, language);
                let text = letter.text.expose();
                assert!(
                    text.contains("004711") && text.contains("Acme") && text.contains(" 5 minut"),
                    "{text}"
                );
                assert!(!text.contains("://") && !letter.subject.contains("004711"), "{text}");
                assert!(channel == Channel::Email || text.chars().count() <= 160, "{text}");
            }
        }
    }

    #[test]
    fn what_a_caller_wrote_stays_one_line() {
        assert_eq!(one_line(" Contract\r\n\r\nhello\u{2028}42 \t"), "Contract hello 42");
    }
}
