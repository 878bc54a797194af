#!/bin/sh
# Signs a CSR with the development intermediate and prints the certificate with its whole chain as a PKCS#7 in PEM,
# which is what `PUT /api/v1/credentials/{id}/certificate` takes.
#
#   certs/sign-csr.sh CSR.pem > chain.p7b         (`-` reads the CSR from standard input)
set -eu
umask 077
certs=$(cd "$(dirname "$0")" && pwd)

if [ $# -ne 1 ]; then
    echo "usage: certs/sign-csr.sh CSR.pem > chain.p7b" >&2
    exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat -- "$1" >"$work/csr.pem"

# A CSR proves that its maker holds the key, or it is nothing.
if ! openssl req -in "$work/csr.pem" -verify -noout 2>"$work/why"; then
    cat "$work/why" >&2
    echo "certs/sign-csr.sh: $1 is no CSR signed by its own key" >&2
    exit 1
fi
[ -s "$certs/out/intermediate.crt" ] || "$certs/make-dev-pki.sh" 2>/dev/null
openssl x509 -req -in "$work/csr.pem" -CA "$certs/out/intermediate.crt" -CAkey "$certs/out/intermediate.key" \
    -days 365 -set_serial "0x4$(openssl rand -hex 16 | cut -c2-)" -sha256 \
    -extfile "$certs/openssl.cnf" -extensions signer_extensions -out "$work/signer.crt" 2>"$work/why" ||
    { cat "$work/why" >&2; exit 1; }
openssl crl2pkcs7 -nocrl -certfile "$work/signer.crt" \
    -certfile "$certs/out/intermediate.crt" -certfile "$certs/out/root.crt"
