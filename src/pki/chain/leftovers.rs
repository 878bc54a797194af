//! What was in the upload and is not in the chain, with the reason why.

use super::revocation::Crl;
use super::{Ignored, Pool, Request};
use crate::pki::container::Contents;
use crate::pki::strict::Certificate;

pub fn list(
    pool: &Pool,
    path: &[usize],
    crls: &[Crl],
    contents: &Contents,
    request: &Request,
) -> Vec<Ignored> {
    let chain: Vec<&Certificate> = path.iter().filter_map(|at| pool.certificates.get(*at)).collect();
    let unused = pool.certificates.iter().enumerate().filter(|(at, _)| !path.contains(at));
    let unused = unused.map(|(_, certificate)| Ignored {
        subject: certificate.facts.subject.clone(),
        reason: reason(certificate, &chain, request).to_owned(),
    });
    let crls =
        crls.iter().map(|crl| Ignored { subject: crl.issuer.clone(), reason: crl.reason(request.now) });
    let others =
        contents.others.iter().map(|what| Ignored { subject: String::new(), reason: (*what).to_owned() });
    let mut ignored: Vec<Ignored> =
        pool.duplicates.iter().cloned().chain(unused).chain(crls).chain(others).collect();
    ignored.sort();
    ignored
}

fn reason(certificate: &Certificate, chain: &[&Certificate], request: &Request) -> &'static str {
    let of_a_chain_ca = chain.iter().any(|member| member.key == certificate.key && member.is_ca);
    if of_a_chain_ca {
        "another certificate of a CA in the chain, such as a cross-certificate"
    } else if certificate.is_self_issued() && certificate.is_ca {
        "a root that the chain does not lead to"
    } else if certificate.is_ca {
        "a CA certificate that the chain does not need"
    } else if certificate.key == request.key {
        "another certificate of the credential's key, not the newest"
    } else {
        "a certificate of another key"
    }
}
