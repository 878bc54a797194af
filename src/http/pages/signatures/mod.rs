//! The page of a request on which a signer authorises signatures: what is signed, by which credential, for whom; then the
//! factors that the credential demands, which go nowhere but here.

mod words;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::hashes::Signatures;
use super::language::spoken;
use super::mend::Mend;
use super::{Frame, answer_leading};
use crate::credential::oauth2code::look::{Demanded, Sent};
use crate::http::problem::{self, Refusal};
use crate::model::configuration::PinFormat;
use crate::model::error::{Code, Error};
use crate::model::lockout::LockState;
use crate::model::time::Timestamp;
use crate::oauth::authorization::next::Page;
use crate::oauth::authorization::sign::Signing;
use words::Words;

/// The page, with what was wrong when the signer answered, or asked for a code.
pub(super) fn page(
    request: &HttpRequest,
    page: Page,
    signing: Signing,
    now: Timestamp,
    refusal: Option<&Error>,
) -> HttpResponse {
    let language = spoken(request);
    let Signing { asked, demanded, expires_at } = signing;
    let words = words::words(language);
    let documents = asked.documents.unwrap_or_default();
    let documents = documents.iter().map(|document| (document.hash.as_slice(), document.label.clone()));
    let lock = Lock::of(demanded.lock, now);
    let page = Ask {
        frame: Frame::of(request, words.title).leading_to(&page.redirect_uri),
        signatures: Signatures::new(language, asked.num_signatures, asked.digest, documents),
        // A lock says more than the wrong factor that brought it.
        fault: refusal.filter(|_| lock.is_none()).map(|refusal| words::fault(language, refusal)),
        words,
        application: page.application,
        description: asked.description,
        demanded,
        expires_at,
        lock,
    };
    let mut answer = answer_leading(status(refusal), &page.frame, &page);
    if let Some(refusal) = refusal {
        Refusal::of(refusal).attach(&mut answer);
    }
    answer
}

/// What was typed was understood, and is to be mended.
fn status(refusal: Option<&Error>) -> StatusCode {
    match refusal.map(|refusal| problem::status(refusal.code())) {
        None => StatusCode::OK,
        Some(StatusCode::BAD_REQUEST) => StatusCode::UNPROCESSABLE_ENTITY,
        Some(status) => status,
    }
}

/// Whether the page is shown again with what was wrong, since the signer can mend it or wait; anything else ends the
/// request.
pub(super) fn can_be_mended(refusal: &Error) -> bool {
    matches!(
        refusal.code(),
        Code::InvalidPin
            | Code::InvalidOtp
            | Code::InvalidFactors
            | Code::FactorMissing
            | Code::FactorLocked
            | Code::CredentialLocked
            | Code::RateLimited
            | Code::DeliveryFailed
            | Code::Busy
            | Code::Conflict
            | Code::StorageUnavailable
    )
}

#[derive(Template)]
#[template(path = "signatures/ask.html", config = "src/http/pages/askama.toml")]
struct Ask {
    frame: Frame,
    words: &'static Words,
    fault: Option<Mend>,
    application: String,
    description: Option<String>,
    demanded: Demanded,
    signatures: Signatures,
    expires_at: Timestamp,
    lock: Option<Lock>,
}

impl Ask {
    /// Where a code is sent that the signer has to type.
    fn sent(&self) -> Option<&Sent> {
        self.demanded.one_time_password.as_ref().filter(|_| self.lock.is_none())?.sent.as_ref()
    }

    /// A code that has to be sent is sent first.
    fn may_allow(&self) -> bool {
        self.lock.is_none() && self.sent().is_none_or(|sent| sent.good_until.is_some())
    }
}

/// Why nothing can be typed.
struct Lock {
    /// None: until somebody unlocks it.
    until: Option<Timestamp>,
}

impl Lock {
    fn of(state: LockState, now: Timestamp) -> Option<Self> {
        match state {
            LockState::Open => None,
            LockState::Locked(seconds) => {
                let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                Some(Self { until: Some(now.plus_seconds(seconds)) })
            }
            LockState::Blocked => Some(Self { until: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::credential::oauth2code::look::OneTimePassword;
    use crate::model::algorithm::Digest;
    use crate::model::authorization_request::{CredentialTokenType, Document, SignaturesAsked};
    use crate::model::configuration::{PinRules, Scal};
    use crate::model::factor::FactorType;
    use crate::model::id::CredentialId;
    use crate::model::name::SeatName;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn signing(sent: Option<Sent>, lock: LockState) -> Signing {
        let document = Document { hash: vec![0xab; 32], label: Some("<Contract>".to_owned()) };
        Signing {
            asked: SignaturesAsked {
                credential: None,
                qualifier: None,
                num_signatures: 1,
                documents: Some(vec![document]),
                digest: Some(Digest::Sha256),
                description: Some("Sale of a house".to_owned()),
                token_type: CredentialTokenType::Bearer,
                details_type: None,
            },
            demanded: Demanded {
                credential: CredentialId::stored("c-7".to_owned()),
                description: None,
                seat: SeatName::stored("jdoe@acme".to_owned()),
                tenant: "ACME".to_owned(),
                common_name: Some("John Doe".to_owned()),
                multi_signature: 1,
                scal: Scal::Two,
                pin: Some(PinRules::default()),
                one_time_password: Some(OneTimePassword { kind: FactorType::EmailOtp, digits: 6, sent }),
                lock,
            },
            expires_at: NOW.plus_seconds(600),
        }
    }

    fn html(signing: Signing, refusal: Option<&Error>) -> (u16, String) {
        let request = TestRequest::with_uri("/x?lang=en").to_http_request();
        let about =
            Page { application: "Portal".to_owned(), redirect_uri: "https://app.example/cb".to_owned() };
        let answer = page(&request, about, signing, NOW, refusal);
        let status = answer.status().as_u16();
        let body = actix_web::body::to_bytes(answer.into_body());
        let body = futures_util::FutureExt::now_or_never(body).unwrap().unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn what_is_signed_is_shown_with_the_fields_that_the_credential_demands() {
        let (status, page) = html(signing(None, LockState::Open), None);
        assert_eq!(status, 200);
        for text in [
            "Portal (ACME)",
            "Sale of a house",
            "John Doe",
            "jdoe@acme",
            "SHA-256",
            "&#60;Contract&#62;",
            "abababababababab…abababababababab",
            r#"name="pin""#,
            r#"name="otp""#,
            r#"value="sign""#,
            r#"value="refuse""#,
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("send-code"));
    }

    #[test]
    fn a_code_that_has_to_be_sent_is_sent_first() {
        let sent = |good_until| Some(Sent { address: "j***@acme.example".to_owned(), good_until });
        let (_, before) = html(signing(sent(None), LockState::Open), None);
        assert!(before.contains("send-code") && before.contains("j***@acme.example"));
        assert!(!before.contains(r#"name="pin""#) && before.contains(r#"value="refuse""#));
        let (_, after) = html(signing(sent(Some(NOW.plus_seconds(300))), LockState::Open), None);
        assert!(after.contains("send-code") && after.contains(r#"name="otp""#));
    }

    #[test]
    fn what_was_wrong_is_said_beside_its_field_and_a_lock_leaves_no_field() {
        let wrong = Error::new(Code::InvalidPin, "The PIN is wrong.");
        let (status, page) = html(signing(None, LockState::Open), Some(&wrong));
        assert_eq!(status, 422);
        assert!(page.contains(r#"id="pin-fault""#) && !page.contains(r#"id="otp-fault""#));
        let (_, page) = html(signing(None, LockState::Locked(900)), Some(&wrong));
        assert!(page.contains("2027-01-15 08:15 UTC") && !page.contains(r#"name="pin""#), "{page}");
        let (_, page) = html(signing(None, LockState::Blocked), None);
        assert!(!page.contains(r#"value="sign""#) && page.contains(r#"value="refuse""#));
    }
}
