#!/bin/sh
# Makes the development PKI in certs/out: a root, an intermediate, and a server certificate for localhost. What is
# there and still good for a month stays as it is.
#
#   certs/make-dev-pki.sh            everything that is missing or runs out
#   certs/make-dev-pki.sh --again    everything anew
set -eu
umask 077
cd "$(dirname "$0")"

MONTH=2592000

main() {
    command -v openssl >/dev/null || stop "openssl is missing (Debian, Ubuntu: apt-get install openssl)"
    case "${1:-}" in
        --again) rm -rf out ;;
        "") ;;
        *) stop "unknown argument: $1" ;;
    esac
    mkdir -p out
    if ! is_good root root; then
        # Whatever the former root signed is worth nothing now.
        rm -f out/*.crt
        certificate root root 3650
    fi
    is_good intermediate root || { rm -f out/server.crt; certificate intermediate root 1825; }
    is_good server intermediate || certificate server intermediate 397
    cat out/server.crt out/intermediate.crt >out/server-chain.pem
    # As HAProxy wants it.
    cat out/server-chain.pem out/server.key >out/server.pem
    echo "certs/out: root.crt to trust; server-chain.pem and server.key (or both in server.pem) to serve with" >&2
}

is_good() {
    [ -s "out/$1.key" ] && [ -s "out/$1.crt" ] &&
        openssl x509 -in "out/$1.crt" -noout -checkend "$MONTH" >/dev/null &&
        openssl verify -partial_chain -trusted "out/$2.crt" "out/$1.crt" >/dev/null 2>&1
}

# certificate NAME ISSUER DAYS
certificate() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "out/$1.key" 2>/dev/null
    openssl req -new -key "out/$1.key" -config openssl.cnf -section "$1" -out "out/$1.csr"
    if [ "$1" = "$2" ]; then
        signer="-key out/$1.key"
    else
        signer="-CA out/$2.crt -CAkey out/$2.key"
    fi
    # $signer is words on purpose.
    # shellcheck disable=SC2086
    openssl x509 -req -in "out/$1.csr" $signer -days "$3" -set_serial "0x$(serial)" -sha256 \
        -extfile openssl.cnf -extensions "$1_extensions" -out "out/$1.crt" 2>/dev/null
    rm "out/$1.csr"
}

# 127 random bits: positive in at most 20 octets.
serial() {
    openssl rand -hex 16 | sed 's/^./4/'
}

stop() {
    echo "certs/make-dev-pki.sh: $*" >&2
    exit 1
}

main "$@"
