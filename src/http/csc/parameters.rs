//! The parameters of CSC's methods, each with all its spellings: clients in the field write them in several ways.

use super::fields::Parameter;

pub const AUTH_DATA: Parameter = Parameter(&["authData"]);
pub const AUTH_INFO: Parameter = Parameter(&["authInfo", "auth_info"]);
pub const AUTH_OBJECT_ID: Parameter = Parameter(&["authObjectID"]);
pub const CERTIFICATE_POLICY: Parameter = Parameter(&["certificatePolicy"]);
pub const CERTIFICATES: Parameter = Parameter(&["certificates"]);
pub const CERT_INFO: Parameter = Parameter(&["certInfo"]);
pub const CLIENT_DATA: Parameter = Parameter(&["clientData", "client_data"]);
pub const CREATION_REQUEST: Parameter = Parameter(&["credentialCreationRequest"]);
pub const CREDENTIAL_ID: Parameter = Parameter(&["credentialID"]);
pub const CREDENTIAL_INFO: Parameter = Parameter(&["credentialInfo"]);
pub const DESCRIPTION: Parameter = Parameter(&["description"]);
pub const GIVEN_NAME: Parameter = Parameter(&["givenName"]);
/// Refusals of both versions name it `hash`.
pub const HASH: Parameter = Parameter(&["hash", "hashes"]);
/// As v1 names it, and timestamp in both versions.
pub const HASH_ALGO: Parameter = Parameter(&["hashAlgo", "hashAlgorithmOID"]);
/// As v2 names it.
pub const HASH_ALGORITHM_OID: Parameter = Parameter(&["hashAlgorithmOID", "hashAlgo"]);
pub const ISSUING_COUNTRY: Parameter = Parameter(&["issuingCountry"]);
pub const LANG: Parameter = Parameter(&["lang"]);
pub const MAX_RESULTS: Parameter = Parameter(&["maxResults"]);
pub const NONCE: Parameter = Parameter(&["nonce"]);
pub const NUM_SIGNATURES: Parameter = Parameter(&["numSignatures", "numSignature"]);
pub const ONLY_VALID: Parameter = Parameter(&["onlyValid", "only_valid"]);
pub const OPERATION_MODE: Parameter = Parameter(&["operationMode"]);
pub const OTP: Parameter = Parameter(&["OTP"]);
pub const PAGE_TOKEN: Parameter = Parameter(&["pageToken"]);
pub const PIN: Parameter = Parameter(&["PIN"]);
pub const REFRESH_TOKEN: Parameter = Parameter(&["refresh_token"]);
pub const REMEMBER_ME: Parameter = Parameter(&["rememberMe"]);
pub const REQUEST_ID: Parameter = Parameter(&["requestID", "responseID"]);
pub const RESPONSE_URI: Parameter = Parameter(&["response_uri", "responseURI"]);
pub const SAD: Parameter = Parameter(&["SAD"]);
pub const HANDLE: Parameter = Parameter(&["handle"]);
pub const SIGN_ALGO: Parameter = Parameter(&["signAlgo"]);
pub const SIGN_ALGO_PARAMS: Parameter = Parameter(&["signAlgoParams", "sign_algo_params"]);
pub const TOKEN: Parameter = Parameter(&["token"]);
pub const TOKEN_TYPE_HINT: Parameter = Parameter(&["token_type_hint"]);
pub const SUBJECT_DATA: Parameter = Parameter(&["subjectData"]);
pub const SURNAME: Parameter = Parameter(&["surname"]);
pub const USER_ID: Parameter = Parameter(&["userID", "user_id"]);
pub const VALIDITY_PERIOD: Parameter = Parameter(&["validity_period", "validityPeriod"]);
