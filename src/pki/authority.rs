//! A certification authority in memory: for the demo, for development and for tests. Its keys end with the process.

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_bytes;
use openssl::x509::extension::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectKeyIdentifier};
use openssl::x509::{X509, X509Builder, X509Req};
use rcgen::{
    BasicConstraints as CaConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::OffsetDateTime;

use crate::model::error::{Code, Error, Result};
use crate::model::time::Timestamp;
use crate::pki::container::certs_only;
use crate::pki::pem;

/// How long its CA certificates last, in seconds: ten years.
const CA_LIFETIME: i64 = 10 * 365 * 86_400;

/// A root, the CAs below it, and the key of the last one, which issues.
pub struct Authority {
    /// The issuing CA first, the root last.
    certificates: Vec<Vec<u8>>,
    issuing_key: PKey<Private>,
}

impl Authority {
    /// A root called `<name> Root CA` and so many intermediate CAs below it, `<name> CA 1` and so on; with none, the root
    /// issues. All keys are P-256.
    pub fn new(name: &str, intermediates: usize, now: Timestamp) -> Result<Self> {
        let mut key = KeyPair::generate().map_err(Error::internal)?;
        let mut params = ca_params(&format!("{name} Root CA"), name, now)?;
        let root = params.self_signed(&key).map_err(Error::internal)?;
        let mut certificates = vec![root.der().to_vec()];
        for number in 1..=intermediates {
            let below_key = KeyPair::generate().map_err(Error::internal)?;
            let below = ca_params(&format!("{name} CA {number}"), name, now)?;
            let issuer = Issuer::from_params(&params, &key);
            let certificate = below.signed_by(&below_key, &issuer).map_err(Error::internal)?;
            certificates.insert(0, certificate.der().to_vec());
            (key, params) = (below_key, below);
        }
        let issuing_key = PKey::private_key_from_der(key.serialized_der()).map_err(Error::internal)?;
        Ok(Self { certificates, issuing_key })
    }

    /// An end entity's certificate (DER) for a CSR, with the CSR's subject and key, valid from `now` for `days`.
    ///
    /// By OpenSSL, since rcgen reads no CSR of RSASSA-PSS or P-521 and holds each attribute of a name once.
    pub fn issue(&self, csr_der: &[u8], days: u32, now: Timestamp) -> Result<Vec<u8>> {
        let unusable = |what: &str| Error::new(Code::InvalidRequest, format!("The CSR {what}."));
        let csr = X509Req::from_der(csr_der).map_err(|_| unusable("is no PKCS#10"))?;
        let key = csr.public_key().map_err(|_| unusable("has no usable public key"))?;
        if !csr.verify(&key).unwrap_or(false) {
            return Err(unusable("is not signed by its own key"));
        }
        let issuer = X509::from_der(self.issuing()).map_err(Error::internal)?;
        let end = now.plus_seconds(i64::from(days) * 86_400);
        self.sign(&csr, &issuer, now, end).map_err(Error::internal)
    }

    /// An end entity's certificate (DER) for a fresh key that nobody keeps: whoever uploads it shows another key than
    /// the one that was certified.
    pub fn issue_to_a_stranger(&self, common_name: &str, days: u32, now: Timestamp) -> Result<Vec<u8>> {
        let key = KeyPair::generate().map_err(Error::internal)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let csr = params.serialize_request(&key).map_err(Error::internal)?;
        self.issue(csr.der(), days, now)
    }

    fn sign(
        &self,
        csr: &X509Req,
        issuer: &X509,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<u8>, ErrorStack> {
        let mut serial = [0; 16];
        rand_bytes(&mut serial)?;
        // Positive, and no leading zero to be stripped.
        if let Some(first) = serial.first_mut() {
            *first = *first & 0x7f | 0x40;
        }
        let serial = Asn1Integer::from_bn(&*BigNum::from_slice(&serial)?)?;
        let mut builder = X509Builder::new()?;
        builder.set_version(2)?;
        builder.set_serial_number(&serial)?;
        builder.set_subject_name(csr.subject_name())?;
        builder.set_issuer_name(issuer.subject_name())?;
        builder.set_not_before(&*Asn1Time::from_unix(from.seconds())?)?;
        builder.set_not_after(&*Asn1Time::from_unix(to.seconds())?)?;
        builder.set_pubkey(&*csr.public_key()?)?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        builder
            .append_extension(KeyUsage::new().critical().digital_signature().non_repudiation().build()?)?;
        let context = builder.x509v3_context(Some(issuer), None);
        let subject_key = SubjectKeyIdentifier::new().build(&context)?;
        let issuer_key = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(subject_key)?;
        builder.append_extension(issuer_key)?;
        builder.sign(&self.issuing_key, MessageDigest::sha256())?;
        builder.build().to_der()
    }

    /// The end entity and all CAs, up to the root, as a certs-only SignedData.
    pub fn pkcs7_der(&self, end_entity: &[u8]) -> Vec<u8> {
        let chain: Vec<Vec<u8>> =
            std::iter::once(end_entity.to_vec()).chain(self.certificates.iter().cloned()).collect();
        certs_only(&chain, &[])
    }

    /// The same as PEM (`PKCS7`).
    pub fn pkcs7_pem(&self, end_entity: &[u8]) -> String {
        pem::write("PKCS7", &self.pkcs7_der(end_entity))
    }

    /// The root, to be pinned.
    pub fn root_pem(&self) -> String {
        pem::write("CERTIFICATE", self.certificates.last().map(Vec::as_slice).unwrap_or_default())
    }

    fn issuing(&self) -> &[u8] {
        self.certificates.first().map(Vec::as_slice).unwrap_or_default()
    }
}

fn ca_params(common_name: &str, organization: &str, now: Timestamp) -> Result<CertificateParams> {
    let date = |at: Timestamp| OffsetDateTime::from_unix_timestamp(at.seconds()).map_err(Error::internal);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(CaConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date(now)?;
    params.not_after = date(now.plus_seconds(CA_LIFETIME))?;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
    use crate::model::tenant::SubjectRule;
    use crate::pki::certificate::trust_anchor;
    use crate::pki::chain::{Expectation, accept};
    use crate::pki::csr;
    use crate::pki::name::Subject;
    use crate::pki::tests::keys;

    #[test]
    fn its_chains_are_accepted_for_every_kind_of_key() {
        let now = Timestamp::from_seconds(1_800_000_000);
        for intermediates in [0, 1, 3] {
            let authority = Authority::new("Demo", intermediates, now).unwrap();
            let anchor = trust_anchor(authority.root_pem().as_bytes()).unwrap();
            assert_eq!(anchor.subject, "CN=Demo Root CA,O=Demo");
            for kind in KeyAlgorithm::ALL {
                let key = keys::of(kind);
                let spki_der = key.public_key_to_der().unwrap();
                let subject = Subject::parse("CN=J,OU=b+OU=a,OU=c,O=Acme").unwrap();
                // The last one is RSASSA-PSS where there is a choice.
                let algorithm = CsrSignatureAlgorithm::fitting(kind).pop().unwrap();
                let csr_der = csr::build(&spki_der, &subject, algorithm, |info, scheme| {
                    Ok(csr::tests::sign(&key, info, scheme))
                })
                .unwrap();
                let certificate = authority.issue(&csr_der, 30, now).unwrap();
                let chain = accept(
                    authority.pkcs7_pem(&certificate).as_bytes(),
                    &Expectation {
                        spki_der: &spki_der,
                        csr_der: &csr_der,
                        trust_anchors: std::slice::from_ref(&anchor.der),
                        subject_rule: SubjectRule::AsRequested,
                        now,
                    },
                )
                .unwrap();
                assert_eq!(chain.certificates.len(), intermediates + 2);
                assert_eq!(chain.certificates.first().unwrap().der, certificate);
                assert_eq!(chain.certificates.last().unwrap(), &anchor);
                assert_eq!(chain.certificates.first().unwrap().subject, csr::subject(&csr_der).unwrap());
                assert_eq!(chain.ignored, []);
            }
        }
    }

    #[test]
    fn a_csr_that_its_key_did_not_sign_gets_no_certificate() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let authority = Authority::new("Demo", 0, now).unwrap();
        let key = keys::of(KeyAlgorithm::P256);
        let algorithm = CsrSignatureAlgorithm::fitting(KeyAlgorithm::P256).pop().unwrap();
        let spki_der = key.public_key_to_der().unwrap();
        let forged = csr::build(&spki_der, &Subject::simple("a", "b"), algorithm, |info, scheme| {
            Ok(csr::tests::sign(&keys::of(KeyAlgorithm::P256), info, scheme))
        })
        .unwrap();
        assert_eq!(authority.issue(&forged, 30, now).unwrap_err().code(), Code::InvalidRequest);
        assert_eq!(authority.issue(b"x", 30, now).unwrap_err().code(), Code::InvalidRequest);
    }
}
