//! RSASSA-PSS-params (RFC 4055, 3.1) as signers send them.

use x509_parser::der_parser::asn1_rs::Any;
use x509_parser::prelude::FromDer;
use x509_parser::signature_algorithm::RsaSsaPssParams;

use crate::model::algorithm::{Digest, SignatureScheme};
use crate::model::error::{Code, Error, Result};

/// MGF1 (RFC 8017, B.2.1), the only mask generation function there is.
const OID_MGF1: &str = "1.2.840.113549.1.1.8";
/// The only trailer that RFC 4055 knows.
const TRAILER: u32 = 1;

/// Reads the DER parameters. SHA-1, which absent fields mean, is not signed with here.
pub fn parse(der: &[u8]) -> Result<SignatureScheme> {
    let malformed =
        || Error::new(Code::InvalidSignAlgoParams, "signAlgoParams is not DER of RSASSA-PSS-params.");
    let (rest, any) = Any::from_der(der).map_err(|_| malformed())?;
    if !rest.is_empty() {
        return Err(malformed());
    }
    let params = RsaSsaPssParams::try_from(&any).map_err(|_| malformed())?;
    let mask = params.mask_gen_algorithm().map_err(|_| malformed())?;
    if mask.mgf.to_id_string() != OID_MGF1 || params.trailer_field() != TRAILER {
        return Err(Error::new(
            Code::InvalidSignAlgoParams,
            "signAlgoParams asks for something else than MGF1 and trailer 1.",
        ));
    }
    let known = |oid: String| {
        Digest::from_oid(&oid).ok_or_else(|| {
            Error::new(
                Code::InvalidHashAlgo,
                "signAlgoParams names a digest other than SHA-256, SHA-384 and SHA-512 (absent means SHA-1).",
            )
        })
    };
    Ok(SignatureScheme::RsaPss {
        digest: known(params.hash_algorithm_oid().to_id_string())?,
        mgf1: known(mask.hash.to_id_string())?,
        salt_length: usize::try_from(params.salt_length()).map_err(|_| malformed())?,
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_parameters_that_testers_send_are_read() {
        let der = STANDARD
            .decode("MDmgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEgowMCAQE=")
            .unwrap();
        let expected =
            SignatureScheme::RsaPss { digest: Digest::Sha256, mgf1: Digest::Sha256, salt_length: 32 };
        assert_eq!(parse(&der).unwrap(), expected);
    }

    #[test]
    fn defaults_mean_sha_1_and_are_refused() {
        assert_eq!(parse(&[0x30, 0x00]).unwrap_err().code(), Code::InvalidHashAlgo);
        assert_eq!(parse(&[0x30]).unwrap_err().code(), Code::InvalidSignAlgoParams);
        assert_eq!(parse(b"\x30\x00\x00").unwrap_err().code(), Code::InvalidSignAlgoParams);
    }
}
