//! What the pages of signing in and of consent say.

use crate::model::language::Language;

/// A title, and what is said under it.
pub type Said = (&'static str, &'static [&'static str]);

pub struct SignInWords {
    pub title: &'static str,
    /// Before the name of the application.
    pub intro: &'static str,
    pub name: &'static str,
    pub password: &'static str,
    pub sign_in: &'static str,
    pub code_title: &'static str,
    pub code_intro: &'static str,
    pub code: &'static str,
    /// Before the name of the application.
    pub cancel: &'static str,
    pub wrong_password: &'static str,
    pub wrong_code: &'static str,
    pub somebody_else: &'static str,
    /// Before the name of whom the application expects.
    pub expected: &'static str,
    /// `{}`: seconds.
    pub too_often: &'static str,
}

pub const fn sign_in(language: Language) -> &'static SignInWords {
    match language {
        Language::English => &SignInWords {
            title: "Sign in",
            intro: "You come from",
            name: "User name or e-mail address",
            password: "Password",
            sign_in: "Sign in",
            code_title: "Enter the code of your authenticator",
            code_intro: "The password was right. Your authenticator shows the code that is needed besides.",
            code: "Code",
            cancel: "Cancel and go back to",
            wrong_password: "The user name or the password is wrong. Please try again.",
            wrong_code: "The code is wrong, or was used before. Wait for the next one and enter that.",
            somebody_else: "The application expects somebody else. Nobody but them can go on here.",
            expected: "It expects this user, and nobody else:",
            too_often: "There were too many failed attempts. Please try again in {} seconds.",
        },
        Language::Spanish => &SignInWords {
            title: "Iniciar sesión",
            intro: "Viene de",
            name: "Nombre de usuario o correo electrónico",
            password: "Contraseña",
            sign_in: "Iniciar sesión",
            code_title: "Introduzca el código de su autenticador",
            code_intro: "La contraseña es correcta. Su autenticador muestra el código que hace falta además.",
            code: "Código",
            cancel: "Cancelar y volver a",
            wrong_password: "El nombre de usuario o la contraseña no son correctos. Inténtelo de nuevo.",
            wrong_code: "El código no es correcto o ya se ha usado. Espere al siguiente e introdúzcalo.",
            somebody_else: "La aplicación espera a otra persona. Solo ella puede continuar aquí.",
            expected: "Espera a este usuario y a nadie más:",
            too_often: "Ha habido demasiados intentos fallidos. Inténtelo de nuevo en {} segundos.",
        },
    }
}

pub struct ConsentWords {
    pub title: &'static str,
    /// After the name of the application.
    pub intro: &'static str,
    pub know_you: &'static str,
    pub profile: &'static str,
    pub email: &'static str,
    pub use_credentials: &'static str,
    pub use_all_credentials: &'static str,
    pub make_credentials: &'static str,
    pub administer: &'static str,
    pub lasting: &'static str,
    pub signed_in_as: &'static str,
    pub tenant: &'static str,
    pub seat: &'static str,
    pub leads_to: &'static str,
    pub warning: &'static str,
    pub allow: &'static str,
    pub refuse: &'static str,
    pub somebody_else: &'static str,
}

pub const fn consent(language: Language) -> &'static ConsentWords {
    match language {
        Language::English => &ConsentWords {
            title: "Allow access?",
            intro: "asks to:",
            know_you: "know that it is you",
            profile: "see your name",
            email: "see your e-mail address",
            use_credentials: "see your certificates and ask for your signatures; what is signed still takes your PIN or code where they are set up",
            use_all_credentials: "see and use the certificates of everybody in your organisation",
            make_credentials: "set up certificates in your name",
            administer: "administer your organisation here, as far as you may yourself",
            lasting: "keep this access until it expires or is revoked, without asking you each time",
            signed_in_as: "Signed in as",
            tenant: "Organisation",
            seat: "Seat",
            leads_to: "You go back to",
            warning: "Allow this only if you know the application and came from there.",
            allow: "Allow",
            refuse: "Refuse",
            somebody_else: "Sign in as somebody else",
        },
        Language::Spanish => &ConsentWords {
            title: "¿Permite el acceso?",
            intro: "solicita:",
            know_you: "saber que es usted",
            profile: "ver su nombre",
            email: "ver su correo electrónico",
            use_credentials: "ver sus certificados y pedir sus firmas; para firmar siguen haciendo falta su PIN o su código, si los tiene",
            use_all_credentials: "ver y usar los certificados de todas las personas de su organización",
            make_credentials: "crear certificados a su nombre",
            administer: "administrar aquí su organización, en la medida en que usted pueda hacerlo",
            lasting: "conservar este acceso hasta que caduque o se revoque, sin preguntarle cada vez",
            signed_in_as: "Sesión iniciada como",
            tenant: "Organización",
            seat: "Puesto",
            leads_to: "Volverá a",
            warning: "Permítalo solo si conoce la aplicación y viene de ella.",
            allow: "Permitir",
            refuse: "Rechazar",
            somebody_else: "Iniciar sesión con otra cuenta",
        },
    }
}

/// The client or its redirect URI is not known.
pub const fn misdirected(language: Language) -> Said {
    match language {
        Language::English => (
            "This request cannot be trusted",
            &[
                "An application sent you here in a way that this service does not accept, so you are not sent on. Nothing was changed.",
                "Go back to the application and try again; if it goes on, tell whoever runs it.",
            ],
        ),
        Language::Spanish => (
            "No se puede confiar en esta petición",
            &[
                "Una aplicación le ha enviado aquí de una forma que este servicio no acepta, así que no se le redirige. No se ha cambiado nada.",
                "Vuelva a la aplicación e inténtelo de nuevo; si continúa, avise a quien la administra.",
            ],
        ),
    }
}

/// What introduces what was wrong, for whoever made the application.
pub const fn detail(language: Language) -> &'static str {
    match language {
        Language::English => "For whoever runs the application",
        Language::Spanish => "Para quien administra la aplicación",
    }
}

/// A request that is not there for this browser, or not any more.
pub const fn gone(language: Language) -> Said {
    match language {
        Language::English => (
            "This page has expired",
            &[
                "The request was decided already, is too old, or was opened in another browser. Nothing was changed.",
                "Begin again in the application that you came from.",
            ],
        ),
        Language::Spanish => (
            "Esta página ha caducado",
            &[
                "La petición ya se decidió, es demasiado antigua o se abrió en otro navegador. No se ha cambiado nada.",
                "Empiece de nuevo en la aplicación de la que viene.",
            ],
        ),
    }
}
