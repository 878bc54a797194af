//! What can go wrong, as values. An [`Error`] carries meaning (a [`Code`] and words for the user), never an
//! HTTP status: statuses are decided in one place, at the door.

use std::fmt;

macro_rules! codes {
    ($($variant:ident $text:literal $title:literal $advice:literal)*) => {
        /// The stable, documented name of a refusal: `code` in a problem, the page `/problems/{code}`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $variant),* }

        impl Code {
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// The snake_case name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text),* }
            }

            /// A short sentence that is the same for every occurrence (RFC 9457, `title`).
            pub const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),* }
            }

            /// What to do next, for the problem's page.
            pub const fn advice(self) -> &'static str {
                match self { $(Code::$variant => $advice),* }
            }
        }
    };
}

codes! {
    InvalidRequest "invalid_request" "The request is malformed" "Compare the request with the OpenAPI document; `errors` names each field by its JSON pointer."
    UnknownField "unknown_field" "The body has a field that is not known here" "Remove the field named by `errors`, or correct its spelling: nothing is ignored silently."
    InvalidToken "invalid_token" "The access token is missing, malformed, expired or revoked" "Get a new token at /oauth2/token and send it as `Authorization: Bearer <token>`."
    ExpiredToken "expired_token" "The access token has expired or was revoked" "Get a new token at /oauth2/token. The native API answers this as `invalid_token`."
    InsufficientPermission "insufficient_permission" "The token is good, but not for this" "Ask an administrator for a client whose roles or permissions cover the call."
    InsufficientScope "insufficient_scope" "The token's scope does not cover this seat or tenant" "Ask for a token whose scope names this seat and tenant."
    NotFound "not_found" "There is nothing here by that name" "Check the identifier, and that the token may act for the tenant that owns it."
    InvalidState "invalid_state" "The step is out of order" "`credentialStatus` says where the credential stands, `nextStep` what it waits for."
    AlreadyExists "already_exists" "It is there already" "Use the existing one, or choose another name."
    IdempotencyKeyReused "idempotency_key_reused" "The Idempotency-Key was used for another request" "Use a fresh key for each distinct request."
    IdempotencyInProgress "idempotency_in_progress" "The first request with this Idempotency-Key is still running" "Try again after `Retry-After` seconds with the same key."
    PayloadTooLarge "payload_too_large" "The body is larger than the limit" "Send less; `detail` names the limit."
    UnsupportedMediaType "unsupported_media_type" "The Content-Type is not understood here" "`detail` lists the media types that are."
    MethodNotAllowed "method_not_allowed" "The path exists, but not for this method" "The `Allow` header lists the methods."
    WeakPin "weak_pin" "The PIN is too easy to guess" "Choose one without repeats or runs that is not among the commonest."
    WeakPassword "weak_password" "The password is too easy to guess" "Choose a longer one, such as a few words that nobody would guess; `detail` says what was wrong."
    InvalidPin "invalid_pin" "The PIN is wrong" "Try again with the right PIN; failures are counted and lock the factor."
    InvalidOtp "invalid_otp" "The one-time password is wrong or spent" "Wait for the next code; failures are counted and lock the factor."
    InvalidFactors "invalid_factors" "A factor is wrong or spent" "Try again with the right PIN and a fresh one-time password; failures are counted and lock."
    OtpMismatch "otp_mismatch" "The one-time password is wrong or spent" "Check the authenticator's clock and send its current code; a code works once."
    FactorNotRequired "factor_not_required" "The authorization configuration does not ask for this factor" "`requiredSecondFactors` of the credential lists what it asks for."
    FactorLocked "factor_locked" "The factor is locked after too many failures" "Wait for `retryAfter` seconds, or have an administrator unlock it."
    CredentialLocked "credential_locked" "A factor of the credential is blocked" "An administrator has to unlock the factor."
    PublicKeyMismatch "public_key_mismatch" "No end-entity certificate carries the credential's public key" "Issue the certificate from the CSR that the credential gives, and upload that."
    ExplicitEcParameters "explicit_ec_parameters" "The certificate's EC key has explicit curve parameters" "Issue the certificate with the named curve of the CSR."
    MalformedPkcs7 "malformed_pkcs7" "The upload is not a PKCS#7 SignedData" "Send a certs-only PKCS#7 (p7b), DER, BER or PEM, or plain PEM certificates."
    UnexpectedPkcs7Content "unexpected_pkcs7_content" "The SignedData carries signers or content" "Send a certs-only (degenerate) SignedData."
    NoCertificates "no_certificates" "The upload holds no certificate" "Send the end entity's certificate with its whole chain."
    MalformedCertificate "malformed_certificate" "A certificate does not parse strictly" "Have the CA issue a well-formed X.509 v3 certificate."
    InvalidSignature "invalid_signature" "A certificate is not signed by the issuer in the upload" "Send the issuer's certificate that really signed it."
    IntermediateMissing "intermediate_missing" "An intermediate certificate is missing" "Add the certificate of the issuer that `detail` names."
    RootMissing "root_missing" "The chain does not reach a root" "Add the self-signed certificate of the issuer that `detail` names."
    UntrustedRoot "untrusted_root" "The root is not among the tenant's trust anchors" "Send a chain to a pinned root, or have an administrator pin this one."
    NotACa "not_a_ca" "An issuer in the chain is not a CA" "Send a chain whose issuers have basicConstraints cA and keyCertSign."
    PathLengthExceeded "path_length_exceeded" "The chain is longer than a CA certificate allows" "Have the certificate issued by a CA whose pathLen allows it."
    CertificateExpired "certificate_expired" "A certificate has expired" "Send a certificate that is valid now."
    CertificateNotYetValid "certificate_not_yet_valid" "A certificate is not valid yet" "Wait until its notBefore, or have it issued anew."
    KeyUsage "key_usage" "The end entity's key usage does not fit signing" "Issue it with digitalSignature or nonRepudiation, and without keyCertSign."
    WeakKey "weak_key" "A key in the chain is too weak" "Use RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519."
    WeakSignature "weak_signature" "A certificate is signed with MD5 or SHA-1" "Have it signed with SHA-256 or stronger."
    SubjectMismatch "subject_mismatch" "The certificate's subject is not the CSR's" "Issue it with the CSR's subject, or let the tenant's CA set the subject (`caSetsSubject`)."
    CertificateRevoked "certificate_revoked" "A CRL in the upload lists a certificate of the chain" "Send a certificate that is not revoked."
    NameConstraints "name_constraints" "A name lies outside the CA's name constraints" "Issue the certificate with names that its CA may certify."
    SelfTestFailed "self_test_failed" "The stored key failed its self-test" "Nothing was changed. Tell the operator: the credential's record is damaged."
    UnsupportedAlgorithm "unsupported_algorithm" "The algorithms do not fit each other" "`detail` lists what would."
    InvalidValidity "invalid_validity" "The validity is out of range" "Give 1 to 31536000 seconds."
    InvalidMultiSignature "invalid_multi_signature" "multiSignature is out of range" "Give 1 to 1000."
    NoSecondFactor "no_second_factor" "An explicit configuration needs a second factor" "Give `secondFactors` with PIN, OTP or both."
    NotSupportedYet "not_supported_yet" "This is understood, but not supported yet" "`detail` says what is."
    DeliveryNotConfigured "delivery_not_configured" "There is no way to send the signer anything by this channel" "EMAIL_OTP and EMAIL_LINK need a mail server (`--smtp-url`), SMS_OTP and PUSH the tenant's `gateway`; otherwise use OTP."
    DeliveryFailed "delivery_failed" "What was to be sent could not be delivered" "It cost no attempt, and a code that was sent before is still good. Try again after `Retry-After` seconds."
    RateLimited "rate_limited" "Too many requests" "Wait for `Retry-After` seconds."
    Busy "busy" "The server is busy with as much as it takes on" "Nothing was done. Try again after `Retry-After` seconds."
    StorageUnavailable "storage_unavailable" "The database cannot be reached" "Nothing was done. Try again after `Retry-After` seconds."
    TimestampUnavailable "timestamp_unavailable" "The time-stamping authority gave no token" "Try again after `Retry-After` seconds; if it stays so, tell the operator."
    Conflict "conflict" "Others kept changing the record meanwhile" "Nothing was done. Try again after `Retry-After` seconds."
    OutcomeUnknown "outcome_unknown" "The connection was lost while the change was being committed" "Look whether the change took place before trying again."
    InternalError "internal_error" "Something went wrong on our side" "Report the request id to the operator."
    InvalidClient "invalid_client" "Client authentication failed" "Check the client's id and secret."
    AuthenticationRequired "authentication_required" "Nothing shows who asks" "Send an id and a secret by HTTP Basic."
    InvalidGrant "invalid_grant" "The grant is invalid" "Start the grant again."
    InvalidScope "invalid_scope" "The scope is invalid, or not for this client" "Name at most one seat: and one tenant: that the client may act for."
    UnauthorizedClient "unauthorized_client" "The client may not use this grant" "Have an administrator add the grant to the client's authorizedGrantTypes."
    UnsupportedGrantType "unsupported_grant_type" "The grant type is not known here" "The metadata lists `grant_types_supported`."
    TokenNotRecognised "token_not_recognised" "The token was not recognised" "Get a new token."
    CredentialDisabled "credential_disabled" "The credential's key is disabled" "Use another credential."
    InvalidCertificateStatus "invalid_certificate_status" "The certificate is not active" "Use a credential whose certificate is valid."
    SigningCertificateExpired "signing_certificate_expired" "The signing certificate has expired" "Renew the certificate."
    SadInvalid "sad_invalid" "The SAD is unknown, spent or replaced" "Authorise again."
    HandleInvalid "handle_invalid" "The handle is unknown, expired or was exchanged already" "Authorise again."
    ApprovalNeeded "approval_needed" "The signer has to approve, which takes time" "Authorise by /csc/v2/credentials/authorize, and ask its authorizeCheck with the handle."
    ApprovalDecided "approval_decided" "The signer has decided already" "The first decision stands; to ask again, authorise again."
    LinkExpired "link_expired" "The enrolment link is not valid any more" "Have the application ask for a new link."
    LinkUsed "link_used" "The enrolment link was used already" "It works once. If there is more to set up, have the application ask for a new link."
    LinkInUse "link_in_use" "The enrolment link was opened in another browser" "Go on there, or have the application ask for a new link."
    CrossSiteRequest "cross_site_request" "The form was sent by another site" "Open the page itself, and send its form."
    SadExpired "sad_expired" "The SAD has expired" "Authorise again."
    ResponseUnknown "response_unknown" "No signatures wait under this responseID" "Poll with the token that signed, before the validity period ends."
    HashNotAuthorized "hash_not_authorized" "A hash was not authorised, or is spent" "Authorise exactly the hashes to be signed."
    InvalidDigestLength "invalid_digest_length" "A hash has the wrong length for its digest algorithm" "Send the raw digest, base64-encoded."
    TooManySignatures "too_many_signatures" "More signatures than allowed" "Stay within the credential's multiSignature and the authorised number."
    InvalidNumSignatures "invalid_num_signatures" "The number of signatures is out of range" "Give 1 or more, and no fewer than the hashes."
    HashesRequired "hashes_required" "With SCAL 2 the hashes have to be authorised" "Send the hashes with the authorisation."
    InvalidSignAlgo "invalid_sign_algo" "The key cannot sign with this algorithm" "Use an OID out of key.algo."
    InvalidSignAlgoParams "invalid_sign_algo_params" "The signature algorithm's parameters are missing or malformed" "Send RSASSA-PSS-params, DER, base64-encoded."
    InvalidHashAlgo "invalid_hash_algo" "The digest algorithm is missing, unknown or contradicts signAlgo" "Use an OID of SHA-256, SHA-384 or SHA-512 that agrees with signAlgo."
    FactorMissing "factor_missing" "A factor that the credential requires was not sent" "Send every factor that credentials/info asks for."
}

/// A refusal or failure on its way to whoever asked. `detail` is for them; `cause` is for the log only.
#[derive(Debug)]
pub struct Error(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    detail: String,
    fields: Vec<FieldError>,
    state: Option<StateHint>,
    retry_after: Option<u64>,
    subject: Option<String>,
    cause: Option<String>,
}

/// One field that is at fault, by its JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub pointer: String,
    pub detail: String,
}

/// Where a credential stands, beside a refusal for being out of order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateHint {
    pub status: String,
    pub next_step: Option<String>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            detail: detail.into(),
            fields: Vec::new(),
            state: None,
            retry_after: None,
            subject: None,
            cause: None,
        }))
    }

    /// A malformed field, named by its JSON pointer.
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let pointer = pointer.into();
        let mut error = Self::new(Code::InvalidRequest, format!("{pointer}: {detail}"));
        error.0.fields.push(FieldError { pointer, detail });
        error
    }

    /// Names the field that an error speaks of.
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        let detail = self.0.detail.clone();
        self.0.fields.push(FieldError { pointer: pointer.into(), detail });
        self
    }

    /// Something that the user cannot mend. The cause goes to the log, never to the answer; it must hold no secret.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Code::InternalError, "The server could not do this; nothing was changed.").caused_by(cause)
    }

    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "Nothing by that identifier is visible to this token.")
    }

    /// The record changed between being read and being written: whoever opened the transaction may try again.
    pub fn conflict() -> Self {
        Self::new(Code::Conflict, "The record was changed by others at the same time; nothing was done.")
            .retry_after(1)
    }

    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    pub fn in_state(mut self, status: impl Into<String>, next_step: Option<&str>) -> Self {
        self.0.state = Some(StateHint { status: status.into(), next_step: next_step.map(str::to_owned) });
        self
    }

    /// Seconds after which the same request may succeed.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// What the refusal is about where a protocol's text needs it, such as the factor that is locked.
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.0.subject = Some(subject.into());
        self
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    pub fn state(&self) -> Option<&StateHint> {
        self.0.state.as_ref()
    }

    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after
    }

    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)
    }
}

impl std::error::Error for Error {}
