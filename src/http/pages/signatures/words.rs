//! What the page says on which signatures are authorised.

use crate::http::pages::mend::Mend;
use crate::model::error::{Code, Error};
use crate::model::language::Language;

pub struct Words {
    pub title: &'static str,
    pub intro: &'static str,
    pub application: &'static str,
    pub description: &'static str,
    pub credential: &'static str,
    pub common_name: &'static str,
    pub seat: &'static str,
    pub number: &'static str,
    pub digest: &'static str,
    pub until: &'static str,
    pub warning: &'static str,
    pub code_needed: &'static str,
    pub send: &'static str,
    pub code_sent: &'static str,
    pub code_until: &'static str,
    pub send_another: &'static str,
    pub pin: &'static str,
    pub code: &'static str,
    pub sent_code: &'static str,
    pub digits: &'static str,
    pub locked: &'static str,
    pub locked_until: &'static str,
    pub blocked: &'static str,
    pub allow: &'static str,
    pub refuse: &'static str,
    pub somebody_else: &'static str,
}

pub const fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &Words {
            title: "Sign this?",
            intro: "An application asks for signatures in your name. It does not see what you type here.",
            application: "Application",
            description: "What is signed, in the application's words",
            credential: "Credential",
            common_name: "Name in the certificate",
            seat: "Seat",
            number: "Number of signatures",
            digest: "Digest algorithm",
            until: "Can be answered until",
            warning: "Go on only with what you started yourself. If you do not know of it, refuse, and tell whoever runs the application.",
            code_needed: "To go on you need a code, which will be sent to",
            send: "Send me a code",
            code_sent: "A code was sent to",
            code_until: "It is good until",
            send_another: "Send another code",
            pin: "PIN of this credential",
            code: "Code from your authenticator",
            sent_code: "Code that was sent",
            digits: "digits",
            locked: "After too many wrong answers this credential is locked.",
            locked_until: "It opens again at",
            blocked: "Whoever runs the application, or an administrator, has to help you.",
            allow: "Sign",
            refuse: "Refuse",
            somebody_else: "Sign in as somebody else",
        },
        Language::Spanish => &Words {
            title: "¿Firmar esto?",
            intro: "Una aplicación pide firmas en su nombre. No ve lo que usted escriba aquí.",
            application: "Aplicación",
            description: "Qué se firma, en palabras de la aplicación",
            credential: "Credencial",
            common_name: "Nombre en el certificado",
            seat: "Puesto",
            number: "Número de firmas",
            digest: "Algoritmo de resumen",
            until: "Puede responder hasta",
            warning: "Continúe solo con lo que usted mismo haya iniciado. Si no sabe de qué se trata, rechácelo y avise a quien administra la aplicación.",
            code_needed: "Para continuar necesita un código, que se enviará a",
            send: "Enviarme un código",
            code_sent: "Se ha enviado un código a",
            code_until: "Vale hasta",
            send_another: "Enviar otro código",
            pin: "PIN de esta credencial",
            code: "Código de su autenticador",
            sent_code: "Código recibido",
            digits: "dígitos",
            locked: "Tras demasiadas respuestas incorrectas, esta credencial está bloqueada.",
            locked_until: "Se desbloqueará el",
            blocked: "Debe ayudarle quien administra la aplicación, o un administrador.",
            allow: "Firmar",
            refuse: "Rechazar",
            somebody_else: "Iniciar sesión con otra cuenta",
        },
    }
}

/// What is to be mended, and where.
pub fn fault(language: Language, refusal: &Error) -> Mend {
    use Language::{English, Spanish};
    let field = match refusal.code() {
        Code::InvalidPin => Some("pin"),
        Code::InvalidOtp => Some("otp"),
        Code::FactorMissing if refusal.subject() == Some("PIN") => Some("pin"),
        Code::FactorMissing => Some("otp"),
        _ => None,
    };
    let text = match (language, refusal.code()) {
        (English, Code::InvalidPin) => "The PIN is wrong.",
        (Spanish, Code::InvalidPin) => "El PIN no es correcto.",
        (English, Code::InvalidOtp) => "The code is wrong or was used already. Type the next one.",
        (Spanish, Code::InvalidOtp) => "El código no es correcto o ya se usó. Escriba el siguiente.",
        (English, Code::InvalidFactors) => "What you typed is wrong, or the code was used already.",
        (Spanish, Code::InvalidFactors) => "Lo que ha escrito no es correcto, o el código ya se usó.",
        (English, Code::FactorMissing) => "This has to be filled in.",
        (Spanish, Code::FactorMissing) => "Debe rellenarse.",
        (English, Code::RateLimited) => {
            "Too many codes were sent. Wait a minute before you ask for another one."
        }
        (Spanish, Code::RateLimited) => {
            "Se han enviado demasiados códigos. Espere un minuto antes de pedir otro."
        }
        (English, Code::DeliveryFailed) => "The code could not be sent. Try again in a moment.",
        (Spanish, Code::DeliveryFailed) => {
            "No se ha podido enviar el código. Inténtelo de nuevo en un momento."
        }
        (English, _) => "The service is busy. Nothing was signed; try again in a moment.",
        (Spanish, _) => "El servicio está ocupado. No se ha firmado nada; inténtelo de nuevo en un momento.",
    };
    Mend { field, text }
}
