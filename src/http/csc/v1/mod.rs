//! CSC API v1.0.4.0.

pub mod info;

pub mod credentials;
pub mod signatures;

pub mod credential_info;

use super::fields::Parameter;

const CERTIFICATES: Parameter = Parameter(&["certificates"]);
const CERT_INFO: Parameter = Parameter(&["certInfo"]);
const AUTH_INFO: Parameter = Parameter(&["authInfo", "auth_info"]);
const CLIENT_DATA: Parameter = Parameter(&["clientData", "client_data"]);
const CREDENTIAL_ID: Parameter = Parameter(&["credentialID"]);
const DESCRIPTION: Parameter = Parameter(&["description"]);
const HASH: Parameter = Parameter(&["hash", "hashes"]);
const HASH_ALGO: Parameter = Parameter(&["hashAlgo", "hashAlgorithmOID"]);
const LANG: Parameter = Parameter(&["lang"]);
const MAX_RESULTS: Parameter = Parameter(&["maxResults"]);
const NUM_SIGNATURES: Parameter = Parameter(&["numSignatures", "numSignature"]);
const OTP: Parameter = Parameter(&["OTP"]);
const PAGE_TOKEN: Parameter = Parameter(&["pageToken"]);
const PIN: Parameter = Parameter(&["PIN"]);
const SAD: Parameter = Parameter(&["SAD"]);
const SIGN_ALGO: Parameter = Parameter(&["signAlgo"]);
const SIGN_ALGO_PARAMS: Parameter = Parameter(&["signAlgoParams", "sign_algo_params"]);
const USER_ID: Parameter = Parameter(&["userID", "user_id"]);

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}
