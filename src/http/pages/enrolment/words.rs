//! What the pages behind enrolment links say.

use crate::credential::enrol::{Fault, StepState};
use crate::credential::pin_rules::PinFault;
use crate::model::configuration::{PinFormat, PinRules};
use crate::model::error::Code;
use crate::model::factor::FactorType;
use crate::model::language::Language;

/// A title, and what is said under it.
pub type Said = (&'static str, &'static [&'static str]);

pub struct Words {
    pub begin_title: &'static str,
    pub intro: &'static str,
    pub application: &'static str,
    pub credential: &'static str,
    pub until: &'static str,
    pub steps: &'static str,
    pub warning: &'static str,
    pub begin: &'static str,

    pub pin_title: &'static str,
    pub pin_intro: &'static str,
    pub pin: &'static str,
    pub pin_rules: &'static str,
    pub again: &'static str,
    pub set_pin: &'static str,

    pub otp_title: &'static str,
    pub no_otp: &'static str,
    pub show: &'static str,
    pub scan: &'static str,
    pub scan_intro: &'static str,
    pub picture: &'static str,
    pub here: &'static str,
    pub by_hand: &'static str,
    pub secret: &'static str,
    pub account: &'static str,
    pub kind: &'static str,
    pub digits: &'static str,
    pub type_code: &'static str,
    pub code: &'static str,
    pub confirm: &'static str,
    pub trouble: &'static str,
    pub trouble_intro: &'static str,
    pub renew: &'static str,

    pub locked_title: &'static str,
    pub locked: &'static str,
    pub locked_until: &'static str,
    pub blocked: &'static str,
    pub look_again: &'static str,
}

pub const fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &Words {
            begin_title: "Set up your signature",
            intro: "An application prepares electronic signatures in your name. What you set up here you tell to nobody, not even to the application: it is what shows later that it is you who signs.",
            application: "Application",
            credential: "Signature",
            until: "This link is good until",
            steps: "What you will do",
            warning: "Begin only if you expected this. The link then works in this browser only, and once.",
            begin: "Begin",
            pin_title: "Choose a PIN",
            pin_intro: "You will type it each time that you sign. Nobody can look it up or reset it: if you forget it, a new signature has to be set up.",
            pin: "PIN",
            pin_rules: "Nothing that is easy to guess: no repeats (121212), no runs (456789), none of the commonest.",
            again: "The same PIN again",
            set_pin: "Set the PIN",
            otp_title: "Connect your authenticator app",
            no_otp: "You will need an authenticator app on your telephone, which shows a new code every few moments.",
            show: "Show the QR code",
            scan: "Scan this with the app",
            scan_intro: "Open an authenticator app on your telephone, add an account, and point the camera here. Let nobody else see it.",
            picture: "QR code for an authenticator app; the same is below as text, under “I cannot scan it”",
            here: "The app is on this device: open it",
            by_hand: "I cannot scan it",
            secret: "Key to type into the app",
            account: "Account",
            kind: "Kind of code",
            digits: "digits",
            type_code: "Then type the code that the app shows",
            code: "Code",
            confirm: "Confirm",
            trouble: "It does not work",
            trouble_intro: "Check that the clock of your telephone is right. If you lost what you scanned, you can have a new QR code; the one above then works no more.",
            renew: "Make a new QR code",
            locked_title: "Too many wrong codes",
            locked: "Nothing is lost, but no further code is taken for now.",
            locked_until: "Try again after",
            blocked: "Whoever runs the application has to have it unlocked.",
            look_again: "Look again",
        },
        Language::Spanish => &Words {
            begin_title: "Configure su firma",
            intro: "Una aplicación prepara firmas electrónicas en su nombre. Lo que configure aquí no se lo diga a nadie, ni siquiera a la aplicación: es lo que demostrará después que es usted quien firma.",
            application: "Aplicación",
            credential: "Firma",
            until: "Este enlace vale hasta",
            steps: "Lo que va a hacer",
            warning: "Empiece solo si lo esperaba. El enlace funcionará entonces solo en este navegador, y una vez.",
            begin: "Empezar",
            pin_title: "Elija un PIN",
            pin_intro: "Lo escribirá cada vez que firme. Nadie puede consultarlo ni restablecerlo: si lo olvida, habrá que configurar una firma nueva.",
            pin: "PIN",
            pin_rules: "Nada fácil de adivinar: ni repeticiones (121212), ni series (456789), ni los más comunes.",
            again: "El mismo PIN otra vez",
            set_pin: "Guardar el PIN",
            otp_title: "Conecte su aplicación de autenticación",
            no_otp: "Necesitará en su teléfono una aplicación de autenticación, que muestra un código nuevo cada pocos instantes.",
            show: "Mostrar el código QR",
            scan: "Escanee esto con la aplicación",
            scan_intro: "Abra en su teléfono una aplicación de autenticación, añada una cuenta y apunte aquí con la cámara. Que no lo vea nadie más.",
            picture: "Código QR para una aplicación de autenticación; lo mismo está abajo como texto, en «No puedo escanearlo»",
            here: "La aplicación está en este dispositivo: abrirla",
            by_hand: "No puedo escanearlo",
            secret: "Clave que se escribe en la aplicación",
            account: "Cuenta",
            kind: "Tipo de código",
            digits: "cifras",
            type_code: "Después escriba el código que muestra la aplicación",
            code: "Código",
            confirm: "Confirmar",
            trouble: "No funciona",
            trouble_intro: "Compruebe que el reloj de su teléfono va bien. Si perdió lo que escaneó, puede pedir otro código QR; el de arriba dejará entonces de funcionar.",
            renew: "Crear otro código QR",
            locked_title: "Demasiados códigos equivocados",
            locked: "No se ha perdido nada, pero por ahora no se acepta ningún código más.",
            locked_until: "Inténtelo de nuevo después de",
            blocked: "Quien administra la aplicación tiene que hacer que se desbloquee.",
            look_again: "Volver a mirar",
        },
    }
}

/// How many characters a PIN has, as a sentence.
pub fn lengths(language: Language, rules: &PinRules) -> String {
    let what = match (language, rules.format) {
        (Language::English, PinFormat::Numeric) => "digits",
        (Language::English, PinFormat::Alphanumeric) => "letters, digits and signs",
        (Language::Spanish, PinFormat::Numeric) => "cifras",
        (Language::Spanish, PinFormat::Alphanumeric) => "letras, cifras y signos",
    };
    let PinRules { min_length: min, max_length: max, .. } = rules;
    match language {
        _ if min == max => format!("{min} {what}."),
        Language::English => format!("{min} to {max} {what}."),
        Language::Spanish => format!("De {min} a {max} {what}."),
    }
}

pub const fn step(language: Language, factor: FactorType) -> &'static str {
    match (language, factor) {
        (Language::English, FactorType::Pin) => "Choose a PIN",
        (Language::English, _) => "Connect an authenticator app",
        (Language::Spanish, FactorType::Pin) => "Elegir un PIN",
        (Language::Spanish, _) => "Conectar una aplicación de autenticación",
    }
}

pub const fn state(language: Language, state: StepState) -> Option<&'static str> {
    match (language, state) {
        (_, StepState::ToCome) => None,
        (Language::English, StepState::Done) => Some("done"),
        (Language::English, StepState::Current) => Some("now"),
        (Language::Spanish, StepState::Done) => Some("hecho"),
        (Language::Spanish, StepState::Current) => Some("ahora"),
    }
}

pub const fn fault(language: Language, fault: Fault, format: PinFormat) -> &'static str {
    match (language, fault) {
        (Language::English, Fault::Cookies) => {
            "Your browser keeps no cookies from this site. Allow them, and press the button again."
        }
        (Language::English, Fault::Mismatch) => "The two PINs are not the same. Type it twice again.",
        (Language::English, Fault::Code) => {
            "This is not the current code, or it was used already. Wait for the next one that the app shows."
        }
        (Language::English, Fault::Pin(fault)) => match (fault, format) {
            (PinFault::Length, _) => "This PIN is too short or too long.",
            (PinFault::Format, PinFormat::Numeric) => "The PIN may have digits only.",
            (PinFault::Format, PinFormat::Alphanumeric) => {
                "The PIN may have letters without accents, digits and signs only, and no spaces."
            }
            (PinFault::Repeat, _) => {
                "This PIN repeats the same characters, so it is easy to guess. Choose another one."
            }
            (PinFault::Run, _) => {
                "This PIN only counts up or down, so it is easy to guess. Choose another one."
            }
            (PinFault::Common, _) => {
                "This PIN is among the commonest, which are tried first. Choose another one."
            }
        },
        (Language::Spanish, Fault::Cookies) => {
            "Su navegador no guarda cookies de este sitio. Permítalas y vuelva a pulsar el botón."
        }
        (Language::Spanish, Fault::Mismatch) => {
            "Los dos PIN no son iguales. Escríbalo otra vez las dos veces."
        }
        (Language::Spanish, Fault::Code) => {
            "No es el código actual, o ya se ha usado. Espere al siguiente que muestre la aplicación."
        }
        (Language::Spanish, Fault::Pin(fault)) => match (fault, format) {
            (PinFault::Length, _) => "Este PIN es demasiado corto o demasiado largo.",
            (PinFault::Format, PinFormat::Numeric) => "El PIN solo puede tener cifras.",
            (PinFault::Format, PinFormat::Alphanumeric) => {
                "El PIN solo puede tener letras sin acentos, cifras y signos, sin espacios."
            }
            (PinFault::Repeat, _) => {
                "Este PIN repite los mismos caracteres y es fácil de adivinar. Elija otro."
            }
            (PinFault::Run, _) => {
                "Este PIN solo cuenta hacia arriba o hacia abajo y es fácil de adivinar. Elija otro."
            }
            (PinFault::Common, _) => {
                "Este PIN está entre los más comunes, que se prueban primero. Elija otro."
            }
        },
    }
}

pub const fn finished(language: Language) -> Said {
    match language {
        Language::English => (
            "All is set up",
            &[
                "Only you know your PIN, and only your device shows your codes. You will be asked for them when you sign.",
                "This link is used up. You can close this page and go back to the application.",
            ],
        ),
        Language::Spanish => (
            "Todo está configurado",
            &[
                "Solo usted conoce su PIN y solo su dispositivo muestra sus códigos. Se le pedirán cuando firme.",
                "Este enlace ya está usado. Puede cerrar esta página y volver a la aplicación.",
            ],
        ),
    }
}

/// What is told of a link that leads nowhere; None of other refusals.
pub const fn refused(language: Language, code: Code) -> Option<Said> {
    Some(match (language, code) {
        (Language::English, Code::NotFound) => (
            "This link is not valid",
            &[
                "Perhaps it is not complete, or it ended long ago.",
                "Ask for another one in the application that gave it to you.",
            ],
        ),
        (Language::English, Code::LinkExpired) => (
            "This link has expired",
            &[
                "Its time is over, or a newer link took its place. What you did not finish is not set up.",
                "Ask for another one in the application that gave it to you.",
            ],
        ),
        (Language::English, Code::LinkUsed) => (
            "This link was used already",
            &[
                "It works once, and everything was set up with it.",
                "If that was not you, tell whoever runs the application at once.",
            ],
        ),
        (Language::English, Code::LinkInUse) => (
            "This link was opened in another browser",
            &[
                "Go on in the browser, on the device, where it was opened first. It works nowhere else.",
                "If that was not you, or you cannot go on there, ask for another link in the application that gave it to you: this one then ends.",
            ],
        ),
        (Language::English, Code::CrossSiteRequest) => (
            "This was sent from another site",
            &["Nothing was changed. Open the link that you were given, and go on from there."],
        ),
        (Language::Spanish, Code::NotFound) => (
            "Este enlace no es válido",
            &["Quizá no está completo, o terminó hace mucho.", "Pida otro en la aplicación que se lo dio."],
        ),
        (Language::Spanish, Code::LinkExpired) => (
            "Este enlace ha caducado",
            &[
                "Se acabó su tiempo, o lo sustituyó un enlace más nuevo. Lo que no terminó no está configurado.",
                "Pida otro en la aplicación que se lo dio.",
            ],
        ),
        (Language::Spanish, Code::LinkUsed) => (
            "Este enlace ya se ha usado",
            &[
                "Funciona una vez, y con él se configuró todo.",
                "Si no fue usted, avise enseguida a quien administra la aplicación.",
            ],
        ),
        (Language::Spanish, Code::LinkInUse) => (
            "Este enlace se abrió en otro navegador",
            &[
                "Continúe en el navegador, del dispositivo, donde se abrió primero. No funciona en ningún otro.",
                "Si no fue usted, o no puede continuar allí, pida otro enlace en la aplicación que se lo dio: este terminará entonces.",
            ],
        ),
        (Language::Spanish, Code::CrossSiteRequest) => (
            "Esto se envió desde otro sitio",
            &["No se ha cambiado nada. Abra el enlace que le dieron y continúe desde allí."],
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_pin_is_a_sentence() {
        let rules = PinRules { max_length: 6, ..PinRules::default() };
        assert_eq!(lengths(Language::English, &rules), "6 digits.");
        let rules = PinRules { format: PinFormat::Alphanumeric, ..PinRules::default() };
        assert_eq!(lengths(Language::Spanish, &rules), "De 6 a 12 letras, cifras y signos.");
    }
}
