//! What the pages of approvals say.

use crate::model::approval::Decision;
use crate::model::language::Language;

/// A title, and what is said under it.
pub type Said = (&'static str, &'static [&'static str]);

pub struct Words {
    pub title: &'static str,
    pub intro: &'static str,
    pub application: &'static str,
    pub credential: &'static str,
    pub description: &'static str,
    pub number: &'static str,
    pub digest: &'static str,
    pub address: &'static str,
    pub created: &'static str,
    pub until: &'static str,
    pub warning: &'static str,
    pub approve: &'static str,
    pub refuse: &'static str,
}

/// When signatures are to be approved.
pub const fn signatures(language: Language) -> &'static Words {
    match language {
        Language::English => &Words {
            title: "Approve this signature?",
            intro: "An application asks for signatures in your name.",
            warning: "Approve only what you started yourself. If you do not know of it, refuse, and tell whoever runs the application.",
            approve: "Approve",
            refuse: "Refuse",
            ..ENGLISH
        },
        Language::Spanish => &Words {
            title: "¿Aprueba esta firma?",
            intro: "Una aplicación pide firmas en su nombre.",
            warning: "Apruebe solo lo que usted mismo haya iniciado. Si no sabe de qué se trata, rechácelo y avise a quien administra la aplicación.",
            approve: "Aprobar",
            refuse: "Rechazar",
            ..SPANISH
        },
    }
}

/// When an address is to be confirmed.
pub const fn address(language: Language) -> &'static Words {
    match language {
        Language::English => &Words {
            title: "Is this address yours?",
            intro: "An application wants to ask you here, from now on, before anything is signed in your name.",
            warning: "Confirm only if you expected this.",
            approve: "Yes, confirm",
            refuse: "No, refuse",
            ..ENGLISH
        },
        Language::Spanish => &Words {
            title: "¿Es suya esta dirección?",
            intro: "Una aplicación quiere preguntarle aquí, a partir de ahora, antes de firmar nada en su nombre.",
            warning: "Confirme solo si lo esperaba.",
            approve: "Sí, confirmar",
            refuse: "No, rechazar",
            ..SPANISH
        },
    }
}

const ENGLISH: Words = Words {
    title: "",
    intro: "",
    application: "Application",
    credential: "Credential",
    description: "What is signed, in the application's words",
    number: "Number of signatures",
    digest: "Digest algorithm",
    address: "Address",
    created: "Asked at",
    until: "Can be answered until",
    warning: "",
    approve: "",
    refuse: "",
};

const SPANISH: Words = Words {
    title: "",
    intro: "",
    application: "Aplicación",
    credential: "Credencial",
    description: "Qué se firma, en palabras de la aplicación",
    number: "Número de firmas",
    digest: "Algoritmo de resumen",
    address: "Dirección",
    created: "Pedido el",
    until: "Puede responder hasta",
    warning: "",
    approve: "",
    refuse: "",
};

/// After the decision.
pub const fn thanks(language: Language, decision: Decision) -> Said {
    match (language, decision) {
        (Language::English, Decision::Approved) => {
            ("Approved", &["You can close this page. The application goes on by itself."])
        }
        (Language::English, Decision::Refused) => (
            "Refused",
            &["Nothing came of it. If you did not expect the question, tell whoever runs the application."],
        ),
        (Language::Spanish, Decision::Approved) => {
            ("Aprobado", &["Puede cerrar esta página. La aplicación continúa por sí sola."])
        }
        (Language::Spanish, Decision::Refused) => (
            "Rechazado",
            &["No se ha hecho nada. Si no esperaba la pregunta, avise a quien administra la aplicación."],
        ),
    }
}

/// When somebody decided already.
pub const fn decided(language: Language) -> Said {
    match language {
        Language::English => {
            ("This was decided already", &["The first decision stands. You can close this page."])
        }
        Language::Spanish => ("Ya se decidió", &["Vale la primera decisión. Puede cerrar esta página."]),
    }
}

/// When there is nothing behind the link.
pub const fn unknown(language: Language) -> Said {
    match language {
        Language::English => (
            "This link is not valid",
            &["It may have expired, or been replaced by a newer one. Start again in the application."],
        ),
        Language::Spanish => (
            "Este enlace no es válido",
            &[
                "Puede haber caducado o haber sido sustituido por otro más reciente. Empiece de nuevo en la aplicación.",
            ],
        ),
    }
}
