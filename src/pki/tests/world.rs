//! A root, a CA below it and a credential whose key the CA certified: what most tests begin with.

use openssl::pkey::{PKey, Private};

use crate::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
use crate::model::error::{Error, Result};
use crate::model::tenant::SubjectRule;
use crate::model::time::Timestamp;
use crate::pki::chain::{AcceptedChain, Expectation, accept};
use crate::pki::container::certs_only;
use crate::pki::csr;
use crate::pki::name::Subject;
use crate::pki::tests::keys;
use crate::pki::tests::made::{Ca, root};

pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub const SUBJECT: &str = "CN=John Doe,O=Acme";

pub struct World {
    pub root: Ca,
    pub ca: Ca,
    pub key: PKey<Private>,
    pub csr_der: Vec<u8>,
    pub leaf: Vec<u8>,
    pub anchors: Vec<Vec<u8>>,
    pub subject_rule: SubjectRule,
    pub now: Timestamp,
}

pub fn p256() -> PKey<Private> {
    keys::of(KeyAlgorithm::P256)
}

impl World {
    pub fn new() -> Self {
        Self::of(KeyAlgorithm::P256)
    }

    pub fn of(kind: KeyAlgorithm) -> Self {
        let root = root("CN=Root,O=Acme", &p256());
        let ca = root.ca("CN=CA,O=Acme", &p256());
        let key = keys::of(kind);
        let leaf = ca.leaf(SUBJECT, &key);
        let csr_der = csr_of(&key, kind);
        Self { root, ca, key, csr_der, leaf, anchors: vec![], subject_rule: SubjectRule::CaSets, now: NOW }
    }

    pub fn accept(&self, upload: &[u8]) -> Result<AcceptedChain> {
        let spki_der = self.key.public_key_to_der().unwrap();
        accept(
            upload,
            &Expectation {
                spki_der: &spki_der,
                csr_der: &self.csr_der,
                trust_anchors: &self.anchors,
                subject_rule: self.subject_rule,
                now: self.now,
            },
        )
    }

    /// Accepts plain DER of these certificates.
    pub fn accept_all(&self, certificates: &[&[u8]]) -> Result<AcceptedChain> {
        self.accept(&p7b(certificates))
    }

    /// The refusal of these certificates.
    pub fn refuse(&self, certificates: &[&[u8]]) -> Error {
        self.accept_all(certificates).map(|chain| subjects(&chain)).expect_err("a refusal")
    }

    /// The leaf with the whole chain.
    pub fn chain(&self) -> [&[u8]; 3] {
        [&self.leaf, &self.ca.der, &self.root.der]
    }
}

pub fn csr_of(key: &PKey<Private>, kind: KeyAlgorithm) -> Vec<u8> {
    let algorithm = *CsrSignatureAlgorithm::fitting(kind).first().unwrap();
    let spki_der = key.public_key_to_der().unwrap();
    csr::build(&spki_der, &Subject::parse(SUBJECT).unwrap(), algorithm, |info, scheme| {
        Ok(csr::tests::sign(key, info, scheme))
    })
    .unwrap()
}

pub fn p7b(certificates: &[&[u8]]) -> Vec<u8> {
    certs_only(&certificates.iter().map(|der| der.to_vec()).collect::<Vec<_>>(), &[])
}

pub fn subjects(chain: &AcceptedChain) -> Vec<String> {
    chain.certificates.iter().map(|certificate| certificate.subject.clone()).collect()
}

pub fn reasons(chain: &AcceptedChain) -> Vec<(&str, &str)> {
    chain.ignored.iter().map(|ignored| (ignored.subject.as_str(), ignored.reason.as_str())).collect()
}
